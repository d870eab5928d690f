/*
 * What a user says of a gateway: the first byte chooses which arguments are given, two more are the port, then come
 * host and, behind a NUL byte, protocol. What comes out can be written as one URI that means the same; what does not
 * has a sentence.
 */
#include "client/address.h"
#include "tests/fuzz/require.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    HOST_BIT = 1,
    PORT_BIT = 2,
    PROTOCOL_BIT = 4,
    TLS_GIVEN_BIT = 8,
    TLS_BIT = 16,
    NEGATIVE_BIT = 32,
    FIXED_BYTES = 3
};
enum { URI_MAX = ADDRESS_HOST_MAX + 32 };

static bool same(const struct address *left, const struct address *right)
{
    return left->protocol == right->protocol && strcmp(left->host, right->host) == 0 && left->port == right->port &&
           left->tls == right->tls;
}

static void check_address(const struct address *address)
{
    char uri[URI_MAX];
    struct address again;
    require(address->host[0] != '\0' && strlen(address->host) <= ADDRESS_HOST_MAX && address->port != 0);
    bool brackets = strchr(address->host, ':') != NULL;
    snprintf(uri, sizeof uri, "%s://%s%s%s:%u", address_scheme(address), brackets ? "[" : "", address->host,
             brackets ? "]" : "", address->port);
    const struct address_arguments arguments = {.host = uri};
    require(address_resolve(&arguments, &again, NULL) == SLUICE_OK);
    require(same(address, &again));
    require(strcmp(address_protocol_name(address->protocol), "") != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < FIXED_BYTES)
        return 0;
    char *text = strndup((const char *)data + FIXED_BYTES, size - FIXED_BYTES), *protocol = NULL;
    size_t host_size = strlen(text);
    if (host_size < size - FIXED_BYTES)
        protocol = strndup((const char *)data + FIXED_BYTES + host_size + 1, size - FIXED_BYTES - host_size - 1);
    int port = data[1] * 256 + data[2] + ((data[0] & NEGATIVE_BIT) != 0 ? -40000 : 0);
    const struct address_arguments arguments = {.host = (data[0] & HOST_BIT) != 0 ? text : NULL,
                                                .port_given = (data[0] & PORT_BIT) != 0,
                                                .port = port,
                                                .protocol = (data[0] & PROTOCOL_BIT) != 0 ? protocol : NULL,
                                                .tls_given = (data[0] & TLS_GIVEN_BIT) != 0,
                                                .tls = (data[0] & TLS_BIT) != 0};
    struct address address;
    sluice_error error = {.text = ""};
    sluice_status status = address_resolve(&arguments, &address, &error);
    require(status == SLUICE_OK || (status == SLUICE_INVALID && error.text[0] != '\0'));
    if (status == SLUICE_OK)
        check_address(&address);
    free(protocol);
    free(text);
    return 0;
}
