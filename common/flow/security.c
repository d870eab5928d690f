/* TLS of the gateway: `ssl_certfile`, `ssl_keyfile`, `ssl_ca_certs`, also from within `uvicorn_kwargs`. */
#include "common/flow/loader.h"

#include <string.h>

static const char *const taken[] = {"ssl_certfile", "ssl_keyfile", "ssl_ca_certs", NULL};

static bool is_taken(const char *key)
{
    for (const char *const *name = taken; *name != NULL; name++)
        if (strcmp(*name, key) == 0)
            return true;
    return false;
}

/* A file's name in `uvicorn_kwargs`. */
static const struct node *in_kwargs(struct loader *loader, const struct node *kwargs, const char *key)
{
    const struct node *value = node_get(kwargs, key);
    if (value == NULL || value->kind == NODE_NULL)
        return NULL;
    if (value->text != NULL && memchr(value->text, '\0', value->size) == NULL)
        return value;
    problem_error(loader->problems, value->place, "uvicorn_kwargs: \"%s\" must be a text, not %s", key,
                  node_kind_name(value));
    return NULL;
}

/* The key of the gateway, or the same in `uvicorn_kwargs`; NULL: not given. */
static const struct node *file_of(struct loader *loader, const struct node *gateway, const struct node *kwargs,
                                  const char *key)
{
    const struct node *own = gateway_setting(loader, gateway, key), *other = in_kwargs(loader, kwargs, key);
    if (own != NULL && other != NULL)
        problem_error(loader->problems, other->place,
                      "\"%s\" stands at the gateway and in \"uvicorn_kwargs\"; give one", key);
    const struct node *file = own != NULL ? own : other;
    return file != NULL && file->size > 0 ? file : NULL;
}

/* The absolute path of a file that can be read, else reported. */
static const char *path_of(struct loader *loader, const struct node *file, const char *key)
{
    if (file == NULL)
        return NULL;
    const struct flow_source *source = loader->source;
    const char *path = loader_absolute(loader, loader->folder, file->text);
    sluice_error error;
    if (path != NULL && !loader->options->resolved && source != NULL && source->check_file != NULL &&
        source->check_file(source->context, path, &error) != SLUICE_OK)
        problem_error(loader->problems, file->place, "\"%s\": the file %s %s", key, path, error.text);
    return path;
}

void security_load(struct loader *loader, const struct node *gateway)
{
    const struct node *kwargs = gateway_setting(loader, gateway, "uvicorn_kwargs");
    for (size_t i = 0; kwargs != NULL && i < kwargs->count; i++)
        if (!is_taken(kwargs->entries[i].key))
            problem_warning(loader->problems, kwargs->entries[i].key_place,
                            "uvicorn_kwargs: \"%s\" is ignored: about the original's HTTP server",
                            kwargs->entries[i].key);
    const struct node *certificate = file_of(loader, gateway, kwargs, "ssl_certfile");
    const struct node *key = file_of(loader, gateway, kwargs, "ssl_keyfile");
    const struct node *authorities = file_of(loader, gateway, kwargs, "ssl_ca_certs");
    if (certificate != NULL && key == NULL)
        problem_error(loader->problems, certificate->place,
                      "\"ssl_certfile\" is given and \"ssl_keyfile\" is not; TLS needs both");
    if (key != NULL && certificate == NULL)
        problem_error(loader->problems, key->place,
                      "\"ssl_keyfile\" is given and \"ssl_certfile\" is not; TLS needs both");
    if (authorities != NULL && certificate == NULL && key == NULL)
        problem_error(loader->problems, authorities->place,
                      "\"ssl_ca_certs\" asks clients for certificates, which needs TLS: give \"ssl_certfile\" and "
                      "\"ssl_keyfile\" too");
    loader->flow->gateway.tls = (struct flow_tls){
        .certfile = path_of(loader, certificate, "ssl_certfile"),
        .keyfile = path_of(loader, key, "ssl_keyfile"),
        .ca_certs = path_of(loader, authorities, "ssl_ca_certs"),
    };
}
