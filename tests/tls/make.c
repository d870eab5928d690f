/* make_certificates FOLDER: all the certificates of certificates.h, for tests that are no C programs. */
#include "tests/tls/certificates.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_certificates FOLDER\n");
        return 2;
    }
    return certificates_make(argv[1]) ? EXIT_SUCCESS : EXIT_FAILURE;
}
