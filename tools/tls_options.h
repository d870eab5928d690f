/* tls_options.h - the options about TLS that all commands have which talk to a gateway. */
#ifndef SLUICE_TOOLS_TLS_OPTIONS_H
#define SLUICE_TOOLS_TLS_OPTIONS_H

#include "common/commandline/options.h"

#include <sluice/client.h>

struct tls_options {
    const char *ca_file, *certificate_file, *key_file;
    bool insecure;
};

/* Rows of a command's table; `options` is the struct tls_options in its settings. */
/* clang-format off */
#define TLS_OPTIONS(options) \
    TEXT_OPTION("tls-ca-file", 0, "FILE", options.ca_file, \
                "Trust the authorities in this PEM file, instead of those of the system."), \
    TEXT_OPTION("tls-certificate", 0, "FILE", options.certificate_file, \
                "Show this certificate to a gateway that asks for one: a PEM file with its chain."), \
    TEXT_OPTION("tls-key", 0, "FILE", options.key_file, "The key of that certificate."), \
    FLAG_OPTION("tls-insecure", 0, options.insecure, \
                "Encrypt, but accept any certificate: whoever answers may be anybody.")
/* clang-format on */

/* Into the options of a client. */
static inline void tls_options_apply(const struct tls_options *options, sluice_client_options *client)
{
    client->tls_ca_file = options->ca_file;
    client->tls_certificate_file = options->certificate_file;
    client->tls_key_file = options->key_file;
    client->tls_insecure = options->insecure;
}

#endif
