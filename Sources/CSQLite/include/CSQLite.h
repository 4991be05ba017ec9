#ifndef CSQLITE_H
#define CSQLITE_H

#include <sqlite3.h>

// Binds a copy of the bytes: SQLITE_TRANSIENT is a cast that Swift cannot import.
int adv_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int count);
int adv_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int count);

#endif
