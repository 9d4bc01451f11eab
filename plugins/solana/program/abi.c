// Small things over system calls.
#include "abi.h"

int compare (const void *x, const void *y, u64 len) {
  int order;
  sol_memcmp_(x, y, len, &order);
  return order;
}

u64 read_u64 (const u8 *at) {
  u64 value;
  sol_memcpy_(&value, at, sizeof value);
  return value;
}
