/*
 * certificates.h - certificates for tests, made when a test runs: good ones and each kind of bad one, as files in a
 * folder.
 *
 *   ca.pem             the authority that everybody trusts            other-ca.pem        one that nobody does
 *   server.pem .key    for localhost, 127.0.0.1 and ::1               rsa.pem .key        the same with an RSA key
 *   expired.pem .key   until yesterday                                future.pem .key     from tomorrow on
 *   name.pem .key      for elsewhere.example                          self.pem .key       signed by itself
 *   other.pem .key     for localhost, of other-ca                     client-only.pem .key  may not be a server's
 *   chain.pem .key     the server's certificate and the one in between
 *   short.pem .key     the same without the one in between            turned.pem          chain.pem the wrong way round
 *   client.pem .key    a client's, of ca                              client-other.pem .key  a client's, of other-ca
 *   client-expired.pem .key                                           locked.key          server.key with a passphrase
 *   der.pem            server.pem in DER                              empty.pem           no byte
 *   text.pem           no PEM                                         damaged.pem .key    PEM with rubbish inside
 */
#ifndef SLUICE_TESTS_TLS_CERTIFICATES_H
#define SLUICE_TESTS_TLS_CERTIFICATES_H

#include <stdbool.h>

/* Write all of them into the folder, which exists. False: it failed; stderr says why. */
bool certificates_make(const char *folder);

#endif
