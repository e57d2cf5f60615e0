#ifndef SANDBOX_H
#define SANDBOX_H
#endif
