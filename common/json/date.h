/*
 * date.h - the date of a time in UTC, for those that print many. Private to common/json.
 *
 * gmtime_r() takes a lock of the whole process and looks at the time zone, which costs more than all the rest of
 * printing a time. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
 */
#ifndef SLUICE_JSON_DATE_H
#define SLUICE_JSON_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* What protobuf's JSON form can say: years 1 to 9999. */
#define DATE_SECONDS_MIN (-62135596800ll)
#define DATE_SECONDS_MAX 253402300799ll

struct date {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
};

/* `seconds` since 1970, between the two above. */
static inline struct date date_of_seconds(int64_t seconds)
{
    enum { DAY_SECONDS = 86400, DAYS_TO_1970 = 719468, ERA_DAYS = 146097, ERA_YEARS = 400 };
    /* Years begin in March, so that the leap day is the last; day 0 is the 1st of March of the year 0. */
    uint32_t of_day = (uint32_t)((seconds % DAY_SECONDS + DAY_SECONDS) % DAY_SECONDS);
    uint32_t days = (uint32_t)((seconds - (int64_t)of_day) / DAY_SECONDS + DAYS_TO_1970);
    uint32_t era = days / ERA_DAYS, of_era = days % ERA_DAYS;
    uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * of_year + 2) / 153;
    bool next_year = month >= 10;
    return (struct date){.year = (int)(era * ERA_YEARS + year + next_year),
                         .month = (int)(next_year ? month - 9 : month + 3),
                         .day = (int)(of_year - (153 * month + 2) / 5 + 1),
                         .hour = (int)(of_day / 3600),
                         .minute = (int)(of_day / 60 % 60),
                         .second = (int)(of_day % 60)};
}

#endif
