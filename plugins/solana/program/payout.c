// Who is owed what, paying it, and ending the accounts of a channel.
#include "payout.h"
#include "tokens.h"

// The two sums whose difference is owed to a side, each with its carry: 65 bits.
typedef struct { u64 in, out; int in_carry, out_carry; } Sums;

static APART void add_up (const Channel *channel, int side, Sums *sums) {
  sums->in = channel->transferred[1 - side];
  sums->out = channel->withdrawn[side];
  sums->in_carry = sums->out_carry = 0;
  if (channel->state != SETTLED) return;
  sums->in_carry = __builtin_add_overflow(sums->in, channel->deposit[side], &sums->in);
  sums->out_carry = __builtin_add_overflow(sums->out, channel->transferred[side], &sums->out);
}

static int is_negative (const Sums *sums) {
  if (sums->in_carry != sums->out_carry) return sums->out_carry;
  return sums->in < sums->out;
}

u64 check_payouts (const Channel *channel) {
  Sums sums[2];
  for (int side = 0; side < 2; side++) {
    add_up(channel, side, &sums[side]);
    REQUIRE(!is_negative(&sums[side]), EXCEEDS_DEPOSIT);
  }
  for (int side = 0; side < 2; side++) {
    REQUIRE(!sums[side].in_carry, ARITHMETIC_OVERFLOW);
    REQUIRE(!sums[side].out_carry, ARITHMETIC_OVERFLOW);
  }
  return 0;
}

APART u64 owed_to (const Channel *channel, int side, u64 *amount) {
  TRY(check_payouts(channel));
  Sums sums;
  add_up(channel, side, &sums);
  *amount = sums.in - sums.out;
  return 0;
}

APART u64 pay (const Roles *roles, const Account *destination, int side, u64 *left) {
  Channel *channel = channel_of(roles->channel);
  TRY(owed_to(channel, side, left));
  if (*left == 0) return 0;
  TRY(check_ata(channel, destination, side));
  if (!can_receive(roles, destination, side)) return 0;
  u64 amount = *left;
  channel->withdrawn[side] += amount;
  *left = 0;
  return transfer_out(roles, destination, amount);
}

// What strangers have sent to the vault. Closing a vault of wrapped SOL hands its tokens to the opener anyway.
static u64 surplus (const Account *vault) {
  return vault->data[109] == 1 ? 0 : token_amount(vault);
}

// Size 0 and the system program as the owner: lamports that are sent here in the same transaction revive nothing.
static void end_channel (const Account *channel, const Account *opener) {
  *opener->lamports += *channel->lamports;
  *channel->lamports = 0;
  sol_memset_(channel->data, 0, sizeof(Channel));
  *(u64 *)(channel->data - 8) = 0; // the runtime reads the new size here
  sol_memset_(channel->owner, 0, KEY_BYTES);
}

APART u64 pay_and_end (const Roles *roles, const Account *destinations) {
  Channel *channel = channel_of(roles->channel);
  int opener = channel->opener;
  REQUIRE(is_same_key(roles->opener->key, channel->party[opener]), INVALID_ACCOUNT);
  u64 left[2];
  for (int side = 0; side < 2; side++) TRY(pay(roles, &destinations[side], side, &left[side]));
  if (left[0] != 0 || left[1] != 0) return 0;
  u64 rest = surplus(roles->vault);
  if (rest != 0) {
    TRY(check_ata(channel, &destinations[opener], opener));
    if (!can_receive(roles, &destinations[opener], opener)) return 0;
    TRY(transfer_out(roles, &destinations[opener], rest));
  }
  tell(EVENT_ENDED, roles->channel, channel->withdrawn[0], channel->withdrawn[1]);
  TRY(close_vault(roles));
  end_channel(roles->channel, roles->opener);
  return 0;
}
