#ifndef SANDBOX_CONNECT_H
#define SANDBOX_CONNECT_H

/// Does nothing but have this library linked, and with it its `connect`.
void sandbox_connect_use(void);

#endif
