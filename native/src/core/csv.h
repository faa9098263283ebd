/* Tables as text: RFC 4180, UTF-8. */
#ifndef BW_CORE_CSV_H
#define BW_CORE_CSV_H

#include "core/text.h"

/* Adds a cell: text with `behind` at its end, in quotes where commas, quotes or ends of lines ask for them. What a
 * spreadsheet would run as a formula gets an apostrophe in front; bytes that are no UTF-8 become '?'. */
bw_status bw_csv_cell(bw_text *t, const char *text, const char *behind);

#endif
