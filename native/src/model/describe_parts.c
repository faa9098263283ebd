#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/describe.h"

const char *bw_describe_fixed(char text[BW_NUMBER_ROOM], double value, int decimals) {
    int64_t one = 1;
    if (isnan(value)) return "-";
    for (int i = 0; i < decimals; i++)
        one *= 10;
    const int64_t rounded = (int64_t)floor(fabs(value) * (double)one + 0.5);
    const char *sign = value < 0 && rounded ? "-" : "";
    if (decimals)
        snprintf(text, BW_NUMBER_ROOM, "%s%lld.%0*lld", sign, (long long)(rounded / one), decimals,
                 (long long)(rounded % one));
    else
        snprintf(text, BW_NUMBER_ROOM, "%s%lld", sign, (long long)rounded);
    return text;
}

const char *bw_describe_percent(char text[BW_NUMBER_ROOM], double fraction) {
    if (isnan(fraction)) return "-";
    bw_describe_fixed(text, fraction * 100, 2);
    memcpy(text + strlen(text), " %", 3);
    return text;
}

bw_status bw_describe_padded(bw_text *t, const char *utf8, int width) {
    BW_TRY(bw_text_add(t, "%s", utf8));
    for (const char *c = utf8; *c; c++)
        width -= ((unsigned char)*c & 0xc0) != 0x80;
    return bw_text_add(t, "%*s", width > 1 ? width : 1, "");
}

bw_status bw_json_key(bw_text *t, const char *separator, const char *key) {
    BW_TRY(bw_text_add(t, "%s", separator));
    BW_TRY(bw_text_json_string(t, key));
    return bw_text_add(t, ": ");
}

bw_status bw_json_int(bw_text *t, const char *separator, const char *key, int64_t value) {
    BW_TRY(bw_json_key(t, separator, key));
    return bw_text_add(t, "%lld", (long long)value);
}

bw_status bw_json_string(bw_text *t, const char *separator, const char *key, const char *value) {
    BW_TRY(bw_json_key(t, separator, key));
    return bw_text_json_string(t, value);
}

bw_status bw_json_bool(bw_text *t, const char *separator, const char *key, int value) {
    BW_TRY(bw_json_key(t, separator, key));
    return bw_text_add(t, value ? "true" : "false");
}

bw_status bw_json_number(bw_text *t, const char *separator, const char *key, double value) {
    BW_TRY(bw_json_key(t, separator, key));
    return isnan(value) ? bw_text_add(t, "null") : bw_text_number(t, value);
}

bw_status bw_json_counts(bw_text *t, const int64_t *counts, int n) {
    for (int i = 0; i < n; i++)
        BW_TRY(bw_text_add(t, "%s%lld", i ? ", " : "[", (long long)counts[i]));
    return bw_text_add(t, "]");
}

bw_status bw_csv_text(bw_text *t, const char *utf8) {
    if (!strpbrk(utf8, ",\"\r\n")) return bw_text_add(t, ",%s", utf8);
    BW_TRY(bw_text_add(t, ",\""));
    for (const char *c = utf8; *c; c++)
        BW_TRY(bw_text_add(t, *c == '"' ? "\"%c" : "%c", *c));
    return bw_text_add(t, "\"");
}

bw_status bw_csv_number(bw_text *t, double value) {
    BW_TRY(bw_text_add(t, ","));
    return isnan(value) ? BW_OK : bw_text_number(t, value);
}

const char *bw_describe_class(const bw_model *names, int index, char room[BW_NUMBER_ROOM]) {
    const bw_class_info *info = names ? bw_model_class(names, index) : NULL;
    if (info) return info->name;
    snprintf(room, BW_NUMBER_ROOM, "class %d", index + 1);
    return room;
}

const char *bw_describe_holdout(bw_holdout_kind kind) {
    static const char *const names[] = {NULL, "samples", "strokes", "blocks", "images"};
    return names[kind];
}

const char *bw_describe_balance(bw_balance balance) {
    static const char *const names[] = {"none", "classes", "custom"};
    return names[balance];
}
