/*
 * jina_fields.h - field numbers and codes of package jina (proto/jina.proto), for whoever reads or writes its messages by
 * wire.h. The numbers of documents are in common/document.
 */
#ifndef SLUICE_WIRE_JINA_FIELDS_H
#define SLUICE_WIRE_JINA_FIELDS_H

/* DataRequestProto, DataContentProto */
enum { REQUEST_HEADER = 1, REQUEST_PARAMETERS = 2, REQUEST_ROUTES = 3, REQUEST_DATA = 4 };
enum { CONTENT_DOCS = 1, CONTENT_DOCS_BYTES = 2 };

/* HeaderProto, StatusProto, ExceptionProto */
enum { HEADER_REQUEST_ID = 1, HEADER_STATUS = 2, HEADER_ENDPOINT = 3, HEADER_TARGET = 4, HEADER_TIMEOUT = 5 };
enum { STATUS_CODE = 1, STATUS_DESCRIPTION = 2, STATUS_EXCEPTION = 3 };
enum { EXCEPTION_NAME = 1, EXCEPTION_ARGS = 2, EXCEPTION_STACKS = 3, EXCEPTION_EXECUTOR = 4 };

/* StatusProto.code of a failure: what clients of 3.6 and later know, and those before */
enum { CODE_ERROR = 1, CODE_ERROR_3_5 = 3 };

/* RouteProto, google.protobuf.Timestamp */
enum { ROUTE_EXECUTOR = 1, ROUTE_START = 2, ROUTE_END = 3, ROUTE_STATUS = 4 };
enum { TIMESTAMP_SECONDS = 1, TIMESTAMP_NANOS = 2 };

#endif
