// What the Solana runtime and a program agree on: how the runtime hands over a call (aligned form, loaders v2 and v3), and the system calls
// that this program makes. Nothing here knows of channels.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

// LLVM inlines eagerly, and a stack frame has 4096 bytes: what is called from several places stays a function.
#define APART __attribute__((noinline))

enum { KEY_BYTES = 32, MAX_ACCOUNTS = 8 };

// An account of the call. The pointers lead into the input of the runtime: what is written there is what the account will have.
typedef struct {
  const u8 *key;
  u64 *lamports;
  u64 data_len;
  u8 *data;
  u8 *owner;
  u64 rent_epoch;
  u8 is_signer, is_writable, is_executable;
} Account;

typedef struct { const void *at; u64 len; } Slice;                // of data to log, and a seed of an address
typedef struct { const Slice *seeds; u64 len; } Signer;           // a derived address that signs a call of another program
typedef struct { const u8 *key; u8 is_writable, is_signer; } Meta;
typedef struct { const u8 *program; const Meta *metas; u64 metas_len; const u8 *data; u64 data_len; } Instruction;
typedef struct { u64 slot; i64 epoch_start; u64 epoch, leader_epoch; i64 now; } Clock; // `now` in seconds since 1970

// What a program is called with.
typedef struct {
  Account accounts[MAX_ACCOUNTS];
  u64 count;
  const u8 *data;
  u64 data_len;
  const u8 *program;   // the id under which this code runs
} Call;

extern u64 sol_invoke_signed_c(const Instruction *, const Account *, int accounts, const Signer *, int signers);
extern u64 sol_create_program_address(const Slice *seeds, u64 len, const u8 *program, u8 *key);
extern u64 sol_try_find_program_address(const Slice *seeds, u64 len, const u8 *program, u8 *key, u8 *bump);
extern u64 sol_get_clock_sysvar(Clock *);
extern void sol_log_data(const Slice *, u64 len);
extern void sol_memcpy_(void *to, const void *from, u64 len);
extern void sol_memset_(void *to, u8 value, u64 len);
extern void sol_memcmp_(const void *, const void *, u64 len, int *order);

// Below 0, 0 or above 0, as the first differing bytes are.
int compare (const void *x, const void *y, u64 len);

// A little-endian integer at any address.
u64 read_u64 (const u8 *at);

static inline u16 read_u16 (const u8 *at) { return (u16)(at[0] | at[1] << 8); }

static inline int is_same_key (const u8 *x, const u8 *y) { return compare(x, y, KEY_BYTES) == 0; }
