/* tag.h - what tag.c shares with the test fixture that binds the same work to other endpoints
 * (tests/fixtures/twin_crud.c). */
#ifndef SLUICE_PLUGINS_TAG_H
#define SLUICE_PLUGINS_TAG_H

#include <sluice/executor.h>

/* Mark every document of the call with the executor's label followed by `addition` (".other", or ""). */
sluice_status tag_mark(sluice_call *call, const char *addition);

#endif
