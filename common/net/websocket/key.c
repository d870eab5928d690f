#include "common/net/websocket/key.h"

#include <openssl/evp.h>

#include <string.h>

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

bool websocket_key_is_valid(const char *key)
{
    size_t digits = strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    /* 16 bytes in base64: the last digit stands for two bits and four zeros. */
    return strlen(key) == WEBSOCKET_KEY_SIZE && digits == WEBSOCKET_KEY_SIZE - 2 &&
           strcmp(key + WEBSOCKET_KEY_SIZE - 2, "==") == 0 && strchr("AQgw", key[WEBSOCKET_KEY_SIZE - 3]) != NULL;
}

void websocket_accept(const char *key, char ret_accept[WEBSOCKET_ACCEPT_SIZE + 1])
{
    char text[WEBSOCKET_KEY_SIZE + sizeof guid];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    memcpy(text, key, WEBSOCKET_KEY_SIZE);
    memcpy(text + WEBSOCKET_KEY_SIZE, guid, sizeof guid);
    ret_accept[0] = '\0';
    if (EVP_Digest(text, strlen(text), digest, &size, EVP_sha1(), NULL) == 1)
        EVP_EncodeBlock((unsigned char *)ret_accept, digest, (int)size);
}
