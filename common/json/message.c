#include "common/json/message.h"

sluice_status json_request_read(const char *text, size_t size, const struct json_request_options *options,
                                struct arena *arena, struct rope *ret_message, struct json_fault *ret_fault,
                                sluice_error *error)
{
    (void)text, (void)size, (void)options, (void)arena, (void)ret_message, (void)ret_fault;
    return sluice_fail(error, SLUICE_UNIMPLEMENTED, "json", "requests cannot be read yet");
}

sluice_status json_response_write(const struct rope *message, const struct json_response_options *options,
                                  struct buffer *out, sluice_error *error)
{
    (void)message, (void)options, (void)out;
    return sluice_fail(error, SLUICE_UNIMPLEMENTED, "json", "answers cannot be written yet");
}

sluice_status json_status_write(const struct rope *status, struct buffer *out, sluice_error *error)
{
    (void)status, (void)out;
    return sluice_fail(error, SLUICE_UNIMPLEMENTED, "json", "a status cannot be written yet");
}

sluice_status json_request_write(const struct rope *message, struct buffer *out, sluice_error *error)
{
    (void)message, (void)out;
    return sluice_fail(error, SLUICE_UNIMPLEMENTED, "json", "requests cannot be written yet");
}

sluice_status json_response_read(const char *text, size_t size, struct arena *arena, struct rope *ret_message,
                                 sluice_error *error)
{
    (void)text, (void)size, (void)arena, (void)ret_message;
    return sluice_fail(error, SLUICE_UNIMPLEMENTED, "json", "answers cannot be read yet");
}
