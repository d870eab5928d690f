#include "common/json/lists.h"
#include "common/json/printer.h"

void print_array(struct printer *printer, const struct ndarray *array, const char *what)
{
    if (array == NULL) {
        print_null(printer);
        return;
    }
    sluice_tensor tensor;
    ndarray_view(array, &tensor);
    const char *reason = lists_fault(&tensor);
    if (reason == NULL && tensor.dimensions == 0 && !printer->tokens)
        reason = "it has no dimensions";
    if (reason != NULL)
        printer_fail(printer, SLUICE_UNIMPLEMENTED, "the %s of a document has no form in JSON: %s", what, reason);
    else if (!lists_write(printer->out, &tensor, printer->print_row, printer->spaced) && !printer->tokens)
        printer_fail(printer, SLUICE_UNIMPLEMENTED,
                     "an array holds numbers that are not finite, which have no form in JSON");
}
