// The accounts of others that this program relies on, by their addresses, and the cluster that it is built for.
#pragma once
#include "abi.h"

extern const u8 SYSTEM_PROGRAM[KEY_BYTES];
extern const u8 TOKEN_PROGRAM[KEY_BYTES];
extern const u8 TOKEN_2022_PROGRAM[KEY_BYTES];
extern const u8 ATA_PROGRAM[KEY_BYTES];
extern const u8 ED25519_PROGRAM[KEY_BYTES];
extern const u8 INSTRUCTIONS_SYSVAR[KEY_BYTES];

// The hash of the cluster's first block. It is part of every signed message, so that a signature for one cluster is worthless on another.
extern const u8 GENESIS_HASH[KEY_BYTES];
