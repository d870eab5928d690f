/*
 * print_message.h - header, routes and status of messages. Private to common/json.
 *
 * The form of HTTP has all keys in camelCase, that of protobuf (WebSocket, the Python client) the set fields in
 * snake_case.
 */
#ifndef SLUICE_JSON_PRINT_MESSAGE_H
#define SLUICE_JSON_PRINT_MESSAGE_H

#include "common/json/message_parts.h"
#include "common/json/printer.h"

void print_header_http(struct printer *printer, const struct message_parts *parts);
void print_routes_http(struct printer *printer, const struct message_parts *parts);
void print_status_http(struct printer *printer, const struct status_parts *status);

void print_header_proto(struct printer *printer, const struct message_parts *parts);
void print_routes_proto(struct printer *printer, const struct message_parts *parts);

void print_parameters(struct printer *printer, const struct message_parts *parts); /* null when there are none */

#endif
