// The eight instructions. Accounts, data and the order of checks are in docs/solana-program.md. Each returns 0, or what it failed with.
#pragma once
#include "abi.h"

u64 initialize (const Call *call);
u64 deposit (const Call *call);
u64 close (const Call *call);
u64 settle (const Call *call);
u64 force_close_expired (const Call *call);
u64 claim (const Call *call);
u64 cooperative_close (const Call *call);
u64 withdraw (const Call *call);
