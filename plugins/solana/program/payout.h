// Who is owed what, paying it, and ending the accounts of a channel.
#pragma once
#include "channel.h"

// `amount` is what is owed to a side now: what the other has transferred to it, and once the channel is settled its own deposit less what it
// has transferred itself, without what it was paid already.
u64 owed_to (const Channel *channel, int side, u64 *amount);

// Both sides' payouts exist: none is below 0, and no sum is larger than 64 bits.
u64 check_payouts (const Channel *channel);

// Pays a side what it is owed, to its associated token account. Where that cannot receive, it stays owed, and `left` says how much.
u64 pay (const Roles *roles, const Account *destination, int side, u64 *left);

// Pays both sides of a settled channel. `destinations` are the accounts of side 0 and 1. When nothing is left to pay, ends vault and channel.
u64 pay_and_end (const Roles *roles, const Account *destinations);
