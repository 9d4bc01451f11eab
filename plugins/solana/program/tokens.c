// Mints, token accounts and transfers, of SPL Token and Token-2022.
#include "tokens.h"
#include "keys.h"

enum { MINT_BYTES = 82, MULTISIG_BYTES = 355, EXTENSIONS_AT = 166 };
enum { TYPE_MINT = 1, IS_INITIALIZED = 1 };                             // account type, byte 165; state of an account, byte 108
enum { METADATA_POINTER = 18, TOKEN_GROUP_MEMBER = 23, MEMO_TRANSFER = 8 }; // types of extensions
enum { ALLOCATE = 8, ASSIGN = 1 };                                      // instructions of the system program
enum { CLOSE_ACCOUNT = 9, TRANSFER_CHECKED = 12, INITIALIZE_ACCOUNT_3 = 18 }; // instructions of the token programs

// Extensions stand behind each other as type u16, length u16, value. Type 0 is the end.
static inline int is_extension_at (const Account *account, u64 at) {
  return at + 4 <= account->data_len && read_u16(account->data + at) != 0;
}

static inline u64 extension_after (const Account *account, u64 at) {
  return at + 4 + read_u16(account->data + at + 2);
}

// Allowed are metadata, groups, and the pointers to them. Each other extension lets somebody take, stop or lessen tokens, or is not known
// here. Such extensions have to be there before a mint is initialised, so a mint need not be looked at again.
APART u64 check_mint (const Account *mint, int is_token_2022) {
  REQUIRE(is_same_key(mint->owner, is_token_2022 ? TOKEN_2022_PROGRAM : TOKEN_PROGRAM), UNSUPPORTED_MINT);
  REQUIRE(mint->data_len >= MINT_BYTES, UNSUPPORTED_MINT);
  REQUIRE(mint->data[45] == 1, UNSUPPORTED_MINT); // initialised
  if (mint->data_len == MINT_BYTES) return 0;
  REQUIRE(is_token_2022, UNSUPPORTED_MINT);
  REQUIRE(mint->data_len > EXTENSIONS_AT, UNSUPPORTED_MINT);
  REQUIRE(mint->data_len != MULTISIG_BYTES, UNSUPPORTED_MINT); // all its bytes are chosen by whoever made it
  REQUIRE(mint->data[165] == TYPE_MINT, UNSUPPORTED_MINT);
  for (u64 at = EXTENSIONS_AT; is_extension_at(mint, at); at = extension_after(mint, at)) {
    u16 type = read_u16(mint->data + at);
    REQUIRE(type >= METADATA_POINTER, UNSUPPORTED_MINT);
    REQUIRE(type <= TOKEN_GROUP_MEMBER, UNSUPPORTED_MINT);
  }
  return 0;
}

APART u64 check_ata (const Channel *channel, const Account *account, int side) {
  u8 key[KEY_BYTES], bump;
  Slice seeds[3] = {{channel->party[side], KEY_BYTES}, {token_program_of(channel), KEY_BYTES}, {channel->mint, KEY_BYTES}};
  REQUIRE(sol_try_find_program_address(seeds, 3, ATA_PROGRAM, key, &bump) == 0, INVALID_TOKEN_ACCOUNT);
  REQUIRE(is_same_key(key, account->key), INVALID_TOKEN_ACCOUNT);
  return 0;
}

static int demands_memo (const Account *account) {
  for (u64 at = EXTENSIONS_AT; is_extension_at(account, at); at = extension_after(account, at)) {
    if (read_u16(account->data + at) == MEMO_TRANSFER) return account->data[at + 4] != 0;
  }
  return 0;
}

APART int can_receive (const Roles *roles, const Account *account, int side) {
  const Channel *channel = channel_of(roles->channel);
  if (roles->vault->data[108] != IS_INITIALIZED) return 0; // else it is frozen
  if (!is_same_key(account->owner, token_program_of(channel))) return 0;
  if (account->data_len < TOKEN_ACCOUNT_BYTES) return 0;
  if (!is_same_key(account->data, channel->mint)) return 0;
  if (!is_same_key(account->data + KEY_BYTES, channel->party[side])) return 0; // given away
  if (account->data[108] != IS_INITIALIZED) return 0;
  return !demands_memo(account);
}

APART u64 create_account (const Call *call, const Account *account, u64 size, const u8 *owner, const Signer *address) {
  u8 data[36] = {ALLOCATE};
  Meta meta = {account->key, 1, 1};
  Instruction instruction = {SYSTEM_PROGRAM, &meta, 1, data, 12};
  sol_memcpy_(data + 4, &size, 8);
  TRY(sol_invoke_signed_c(&instruction, call->accounts, (int)call->count, address, 1));
  data[0] = ASSIGN;
  sol_memcpy_(data + 4, owner, KEY_BYTES);
  instruction.data_len = 36;
  return sol_invoke_signed_c(&instruction, call->accounts, (int)call->count, address, 1);
}

APART u64 create_vault (const Roles *roles, int is_token_2022, const Signer *vault_address) {
  const u8 *token_program = is_token_2022 ? TOKEN_2022_PROGRAM : TOKEN_PROGRAM;
  TRY(create_account(roles->call, roles->vault, TOKEN_ACCOUNT_BYTES, token_program, vault_address));
  u8 data[1 + KEY_BYTES] = {INITIALIZE_ACCOUNT_3};
  sol_memcpy_(data + 1, roles->channel->key, KEY_BYTES);
  Meta metas[2] = {{roles->vault->key, 1, 0}, {roles->mint->key, 0, 0}};
  Instruction instruction = {token_program, metas, 2, data, sizeof data};
  return sol_invoke_signed_c(&instruction, roles->call->accounts, (int)roles->call->count, vault_address, 0);
}

// TransferChecked: the token program compares mint and decimals. The channel signs what leaves the vault, and nothing else.
static APART u64 transfer (const Roles *roles, const Meta metas[4], u64 amount, int is_signed_by_channel) {
  u8 data[10] = {TRANSFER_CHECKED};
  sol_memcpy_(data + 1, &amount, 8);
  data[9] = roles->mint->data[44]; // decimals
  Instruction instruction = {token_program_of(channel_of(roles->channel)), metas, 4, data, sizeof data};
  if (is_signed_by_channel) return invoke_as_channel(roles, &instruction);
  Signer nobody = {0, 0};
  return sol_invoke_signed_c(&instruction, roles->call->accounts, (int)roles->call->count, &nobody, 0);
}

u64 transfer_in (const Roles *roles, const Account *source, const Account *party, u64 amount) {
  Meta metas[4] = {{source->key, 1, 0}, {roles->mint->key, 0, 0}, {roles->vault->key, 1, 0}, {party->key, 0, 1}};
  return transfer(roles, metas, amount, 0);
}

u64 transfer_out (const Roles *roles, const Account *destination, u64 amount) {
  Meta metas[4] = {{roles->vault->key, 1, 0}, {roles->mint->key, 0, 0}, {destination->key, 1, 0}, {roles->channel->key, 0, 1}};
  return transfer(roles, metas, amount, 1);
}

u64 close_vault (const Roles *roles) {
  u8 data = CLOSE_ACCOUNT;
  Meta metas[3] = {{roles->vault->key, 1, 0}, {roles->opener->key, 1, 0}, {roles->channel->key, 0, 1}};
  Instruction instruction = {token_program_of(channel_of(roles->channel)), metas, 3, &data, 1};
  return invoke_as_channel(roles, &instruction);
}
