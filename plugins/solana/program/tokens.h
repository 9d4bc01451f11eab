// Mints, token accounts and transfers, of SPL Token and Token-2022.
#pragma once
#include "channel.h"

enum { TOKEN_ACCOUNT_BYTES = 165 };

// The amount of a token account.
static inline u64 token_amount (const Account *account) { return read_u64(account->data + 64); }

// The mint is one whose tokens arrive in full, stay where they are, and move only by the owner's will.
u64 check_mint (const Account *mint, int is_token_2022);

// The account is the associated token account of that side, whether or not anything is there.
u64 check_ata (const Channel *channel, const Account *account, int side);

// Whether that token account of that side can take tokens from the vault now.
int can_receive (const Roles *roles, const Account *account, int side);

// Creates the vault of a channel: space, owner, and the channel's address as its authority. The rent is there already.
u64 create_vault (const Roles *roles, int is_token_2022, const Signer *vault_address);

// From a party's account into the vault. The party has signed the transaction.
u64 transfer_in (const Roles *roles, const Account *source, const Account *party, u64 amount);

// Out of the vault.
u64 transfer_out (const Roles *roles, const Account *destination, u64 amount);

// Ends the vault. Its lamports go to the opener.
u64 close_vault (const Roles *roles);

// Makes an address that has its rent an account of `size` bytes that belongs to `owner`.
u64 create_account (const Call *call, const Account *account, u64 size, const u8 *owner, const Signer *address);
