// The channel account, and what every instruction checks of it.
#pragma once
#include "abi.h"

// What an instruction fails with: the number is the program's Custom error. Numbers 0 to 12 mean what they meant in the first layout.
typedef enum {
  CHANNEL_ALREADY_EXISTS, CHANNEL_NOT_OPENED, CHANNEL_NOT_CLOSED, CHALLENGE_NOT_EXPIRED, INVALID_PARTICIPANT, ZERO_AMOUNT_DEPOSIT,
  NONCE_NOT_MONOTONIC, // reserved: nonces decide nothing
  TRANSFERRED_AMOUNT_DECREASED, INVALID_SIGNATURE, UNAUTHORIZED_SIGNER, ARITHMETIC_OVERFLOW, INVALID_PDA, INVALID_VAULT_PDA,
  INVALID_INSTRUCTION, INVALID_ACCOUNT, WRONG_INSTANCE, INSTANCE_NOT_RECENT, TOO_YOUNG, INVALID_CHALLENGE, UNSUPPORTED_MINT,
  EXCEEDS_DEPOSIT, TERMS_EXPIRED, TERMS_BEHIND_CHAIN, NOTHING_TO_DO, INVALID_TOKEN_ACCOUNT, NOT_EXPIRED, WRONG_ARRIVAL
} Error;

// A result is 0 for success. Custom error 0 therefore has a number of its own in the runtime.
static inline u64 failed (Error error) { return error == 0 ? 1ull << 32 : (u64)error; }

#define REQUIRE(condition, error) do { if (!(condition)) return failed(error); } while (0)
#define TRY(call) do { u64 result_ = (call); if (result_ != 0) return result_; } while (0)

enum { OPENED, CLOSED, SETTLED };
enum { BY_A = 1, BY_B, BY_EXPIRY, BY_BOTH }; // closed_by

// An instance is a slot. A channel of that instance is created at most this many slots after it, and ends only later than that: so no
// address has the same instance twice, and nothing signed for one life of an address counts in another.
#define BIRTH_SLOTS 150

// A side is 0 for the party with the lower key, and 1 for the other. Amounts are base units of the mint.
typedef struct {
  u8 tag[8];
  u8 party[2][KEY_BYTES];
  u8 mint[KEY_BYTES];
  u64 deposit[2];         // what each has put in, in all
  u64 transferred[2];     // what each has paid the other, as far as claims were brought here
  u64 nonce[2];           // of the claim that said so: information
  u64 challenge_duration; // seconds, and as many slots
  u8 state;
  u8 closed_at[8];        // i64, seconds. Not aligned, since the first layout has it here
  u8 bump;
  u8 opener;              // side
  u8 lane;
  u8 vault_bump;
  u8 is_token_2022;       // which token program the mint is of
  u8 closed_by;
  u8 zero;
  u64 instance;
  u64 withdrawn[2];       // what each was paid out, in all
  i64 opened_at;          // seconds
  u64 closed_slot;
} Channel;
_Static_assert(sizeof(Channel) == 216, "the layout of docs/solana-program.md");

// The accounts of a call by their roles. An instruction that has no use for one leaves it out.
typedef struct {
  const Call *call;
  const Account *channel, *vault, *mint, *opener;
} Roles;

static inline Channel *channel_of (const Account *account) { return (Channel *)account->data; }

// The order of checks that all instructions but initialize begin with: number of accounts, length of data, channel, instance. `channel` is
// the index of the channel's account.
u64 check_call (const Call *call, u64 count, u64 data_len, int channel);

// The vault is the one of this channel.
u64 check_vault (const Account *channel, const Account *vault, const u8 *program);

// The side of a key, or -1.
int side_of (const Channel *channel, const u8 *key);

// The account is a party of the channel, and has signed. `side` is which one.
u64 check_party (const Channel *channel, const Account *account, int *side);

const u8 *token_program_of (const Channel *channel);

// Calls another program with the channel's address as a signer.
u64 invoke_as_channel (const Roles *roles, const Instruction *instruction);

typedef enum { EVENT_OPENED = 1, EVENT_DEPOSITED = 2, EVENT_CLOSED = 3, EVENT_CLAIMED = 6, EVENT_ENDED = 8 } Event;

// Tells whoever follows the logs: kind, channel, instance, two numbers. State is to be read from accounts.
void tell (Event event, const Account *channel, u64 first, u64 second);

extern const u8 CHANNEL_TAG[8];
