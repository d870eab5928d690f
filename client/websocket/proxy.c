#include "client/websocket/proxy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PROXY_PORT_DEFAULT = 80 };

static const char *first_of(const char *one, const char *other, const char **ret_name)
{
    const char *value = getenv(one);
    *ret_name = one;
    if (value == NULL && other != NULL) {
        value = getenv(other);
        *ret_name = other;
    }
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Does an entry of no_proxy name the host, or a domain above it? */
static bool entry_matches(const char *entry, size_t size, const char *host)
{
    if (size == 1 && entry[0] == '*')
        return true;
    if (size > 0 && entry[0] == '.')
        entry++, size--;
    size_t host_size = strlen(host);
    if (size == 0 || size > host_size || strncasecmp(host + host_size - size, entry, size) != 0)
        return false;
    return size == host_size || host[host_size - size - 1] == '.';
}

static bool excepted(const char *host)
{
    const char *name;
    const char *at = first_of("no_proxy", "NO_PROXY", &name);
    while (at != NULL && *at != '\0') {
        size_t size = strcspn(at, ", ");
        if (entry_matches(at, size, host))
            return true;
        at += size;
        at += strspn(at, ", ");
    }
    return false;
}

/* "host", "host:port", "[v6]:port", with a slash at the end or not. */
static bool read_place(const char *text, struct proxy *proxy)
{
    char *end = NULL;
    size_t size = strcspn(text, "/");
    const char *colon = memrchr(text, ':', size);
    size_t host_size = size;
    unsigned long port = PROXY_PORT_DEFAULT;
    if (text[0] == '[') {
        const char *bracket = memchr(text, ']', size);
        if (bracket == NULL)
            return false;
        if (colon != NULL && colon < bracket)
            colon = NULL;
        if (bracket + 1 != text + size && bracket + 1 != colon)
            return false;
        text++;
        host_size = (size_t)(bracket - text);
    } else if (colon != NULL) {
        host_size = (size_t)(colon - text);
    }
    if (colon != NULL) {
        port = strtoul(colon + 1, &end, 10);
        if (end == colon + 1 || (*end != '\0' && *end != '/'))
            return false;
    }
    if (host_size == 0 || host_size > ADDRESS_HOST_MAX || port == 0 || port > UINT16_MAX)
        return false;
    memcpy(proxy->host, text, host_size);
    proxy->port = (uint16_t)port;
    return true;
}

static bool read_proxy(const char *text, struct proxy *proxy)
{
    if (strncasecmp(text, "http://", 7) == 0)
        text += 7;
    else if (strstr(text, "://") != NULL)
        return false;
    const char *at = strrchr(text, '@');
    if (at != NULL) {
        if ((size_t)(at - text) > PROXY_CREDENTIALS_MAX)
            return false;
        memcpy(proxy->credentials, text, (size_t)(at - text));
        text = at + 1;
    }
    return read_place(text, proxy);
}

sluice_status proxy_from_environment(const struct address *address, struct proxy *ret_proxy, sluice_error *error)
{
    const char *name;
    const char *value =
        address->tls ? first_of("https_proxy", "HTTPS_PROXY", &name) : first_of("http_proxy", NULL, &name);
    *ret_proxy = (struct proxy){0};
    if (value == NULL || excepted(address->host))
        return SLUICE_OK;
    ret_proxy->on = true;
    if (read_proxy(value, ret_proxy))
        return SLUICE_OK;
    return sluice_fail(error, SLUICE_INVALID, name,
                       "the environment's proxy must look like http://[user:password@]host:port");
}
