// What parties sign, and the proof that they did.
#pragma once
#include "channel.h"

// Claim: "I, the payer, have paid `amount` in all." `fields` are instance, nonce and amount, 24 bytes, as they stand in the call's data.
u64 check_claim (const Account *sysvar, const Account *channel, const u8 *program, const u8 *fields, int payer);

// Terms: "each has paid that much, end it." `fields` are instance, paid by 0, paid by 1 and valid_until, 32 bytes. Both have signed.
u64 check_terms (const Account *sysvar, const Account *channel, const u8 *program, const u8 *fields);
