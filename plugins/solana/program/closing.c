// Ending a channel: by one party with a challenge, by anybody after a year, or by both at once.
#include "instructions.h"
#include "payout.h"
#include "signatures.h"

#define MAX_AGE_SECONDS 31536000 // 365 days: a party that lost its key does not hold the other's deposit for longer

static void record_close (Channel *channel, const Clock *clock, u8 state, u8 closed_by) {
  channel->state = state;
  channel->closed_by = closed_by;
  channel->closed_slot = clock->slot;
  sol_memcpy_(channel->closed_at, &clock->now, 8);
}

// Accounts: closer s, channel w. Data: 3, instance.
u64 close (const Call *call) {
  TRY(check_call(call, 2, 16, 1));
  Channel *channel = channel_of(&call->accounts[1]);
  int side;
  TRY(check_party(channel, &call->accounts[0], &side));
  REQUIRE(channel->state == OPENED, CHANNEL_NOT_OPENED);
  Clock clock;
  TRY(sol_get_clock_sysvar(&clock));
  record_close(channel, &clock, CLOSED, side == 0 ? BY_A : BY_B);
  tell(EVENT_CLOSED, &call->accounts[1], channel->closed_by, 0);
  return 0;
}

// Accounts: channel w. Data: 5, instance. Anybody may.
u64 force_close_expired (const Call *call) {
  TRY(check_call(call, 1, 16, 0));
  Channel *channel = channel_of(&call->accounts[0]);
  REQUIRE(channel->state == OPENED, CHANNEL_NOT_OPENED);
  Clock clock;
  TRY(sol_get_clock_sysvar(&clock));
  REQUIRE(clock.now >= channel->opened_at + MAX_AGE_SECONDS, NOT_EXPIRED);
  record_close(channel, &clock, CLOSED, BY_EXPIRY);
  tell(EVENT_CLOSED, &call->accounts[0], channel->closed_by, 0);
  return 0;
}

// The challenge gives the other party time to bring claims on the closer's deposit. Where nothing is left of that, it protects nothing.
static int is_challenge_moot (const Channel *channel) {
  if (channel->closed_by != BY_A && channel->closed_by != BY_B) return 0;
  int closer = channel->closed_by == BY_A ? 0 : 1;
  return channel->deposit[closer] == channel->transferred[closer];
}

// Time and slots have to pass: a cluster that stands still uses up no challenge.
static int is_challenge_over (const Channel *channel, const Clock *clock) {
  i64 closed_at = (i64)read_u64(channel->closed_at);
  if (clock->now < closed_at + (i64)channel->challenge_duration) return 0;
  return clock->slot >= channel->closed_slot + channel->challenge_duration;
}

// Accounts: channel w, vault w, associated token accounts of side 0 w and 1 w, opener w, mint, token program. Data: 4, instance. Anybody may.
// In a settled channel it pays what could not be paid before.
u64 settle (const Call *call) {
  TRY(check_call(call, 7, 16, 0));
  Roles roles = {call, &call->accounts[0], &call->accounts[1], &call->accounts[5], &call->accounts[4]};
  TRY(check_vault(roles.channel, roles.vault, call->program));
  Channel *channel = channel_of(roles.channel);
  REQUIRE(channel->state != OPENED, CHANNEL_NOT_CLOSED);
  REQUIRE(is_same_key(roles.mint->key, channel->mint), INVALID_ACCOUNT);
  if (channel->state == CLOSED) {
    Clock clock;
    TRY(sol_get_clock_sysvar(&clock));
    REQUIRE(clock.slot > channel->instance + BIRTH_SLOTS, TOO_YOUNG);
    REQUIRE(is_challenge_moot(channel) || is_challenge_over(channel, &clock), CHALLENGE_NOT_EXPIRED);
    channel->state = SETTLED;
  }
  return pay_and_end(&roles, &call->accounts[2]);
}

// Accounts: those of settle, instructions sysvar. Data: 7, instance, paid by 0, paid by 1, valid until i64 (seconds). Anybody may who has both
// signatures. Terms that say less than a claim recorded here are void.
u64 cooperative_close (const Call *call) {
  TRY(check_call(call, 8, 40, 0));
  Roles roles = {call, &call->accounts[0], &call->accounts[1], &call->accounts[5], &call->accounts[4]};
  TRY(check_vault(roles.channel, roles.vault, call->program));
  Channel *channel = channel_of(roles.channel);
  REQUIRE(channel->state != SETTLED, CHANNEL_NOT_OPENED);
  REQUIRE(is_same_key(roles.mint->key, channel->mint), INVALID_ACCOUNT);
  Clock clock;
  TRY(sol_get_clock_sysvar(&clock));
  REQUIRE(clock.slot > channel->instance + BIRTH_SLOTS, TOO_YOUNG);
  REQUIRE(clock.now <= (i64)read_u64(call->data + 32), TERMS_EXPIRED);
  TRY(check_terms(&call->accounts[7], roles.channel, call->program, call->data + 8));
  for (int side = 0; side < 2; side++) {
    u64 paid = read_u64(call->data + 16 + 8 * side);
    REQUIRE(paid >= channel->transferred[side], TERMS_BEHIND_CHAIN);
    channel->transferred[side] = paid;
  }
  record_close(channel, &clock, SETTLED, BY_BOTH);
  TRY(check_payouts(channel));
  return pay_and_end(&roles, &call->accounts[2]);
}
