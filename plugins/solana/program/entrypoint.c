// Where the runtime enters: reads the call, and hands it to the instruction that it names.
//
//            initialize                     close (party), force_close_expired (anybody)
//   nothing ───────────▶ OPENED ─────────────────────────────────────────────▶ CLOSED
//      ▲                  │ deposit, claim, withdraw                             │ claim, withdraw
//      │                  │ cooperative_close                 cooperative_close, │ settle
//      └─── both paid ─── SETTLED ◀──────────────────────────────────────────────┘
//                          settle again, withdraw: what could not be paid before
#include "channel.h"
#include "instructions.h"

// The runtime leaves this much room behind the data of each account for it to grow into.
#define GROWTH_BYTES 10240
#define FIRST_TIME 0xff

// The account that begins at `input`. Returns where the next one begins.
static APART const u8 *read_account (const u8 *input, Account *account) {
  account->is_signer = input[1];
  account->is_writable = input[2];
  account->is_executable = input[3];
  account->key = input + 8;
  account->owner = (u8 *)input + 40;
  account->lamports = (u64 *)(input + 72);
  account->data_len = read_u64(input + 80);
  account->data = (u8 *)input + 88;
  const u8 *end = (const u8 *)(((u64)account->data + account->data_len + GROWTH_BYTES + 7) & ~7ull);
  account->rent_epoch = read_u64(end);
  return end + 8;
}

static APART u64 read_call (const u8 *input, Call *call) {
  call->count = read_u64(input);
  REQUIRE(call->count <= MAX_ACCOUNTS, INVALID_INSTRUCTION);
  input += 8;
  for (u64 i = 0; i < call->count; i++) {
    u8 first = input[0]; // the index of the same account earlier in the call
    if (first == FIRST_TIME) {
      input = read_account(input, &call->accounts[i]);
    } else {
      call->accounts[i] = call->accounts[first];
      input += 8;
    }
  }
  call->data_len = read_u64(input);
  call->data = input + 8;
  call->program = call->data + call->data_len;
  return 0;
}

u64 entrypoint (const u8 *input) {
  Call call;
  TRY(read_call(input, &call));
  REQUIRE(call.data_len >= 16, INVALID_INSTRUCTION); // discriminator and instance
  switch (read_u64(call.data)) {
    case 1: return initialize(&call);
    case 2: return deposit(&call);
    case 3: return close(&call);
    case 4: return settle(&call);
    case 5: return force_close_expired(&call);
    case 6: return claim(&call);
    case 7: return cooperative_close(&call);
    case 8: return withdraw(&call);
    default: return failed(INVALID_INSTRUCTION);
  }
}
