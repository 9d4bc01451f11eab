/// A small imitation of Aptos's framework, as far as `channel` calls it: names, types and abilities are those of Aptos, and what stands inside is
/// our own. The modules are compiled against it, and it lets `channel` run in tests. It shows what we believe of the framework, and proves
/// nothing of it.
module aptos_framework::chain_id {
    struct ChainId has key { id: u8 }

    public fun get(): u8 acquires ChainId { ChainId[@0x1].id }

    #[test_only]
    public fun begin(world: &signer, id: u8) { move_to(world, ChainId { id }); }

    #[test_only]
    public fun set(id: u8) acquires ChainId {
        let chain = &mut ChainId[@0x1];
        chain.id = id;
    }
}

module aptos_framework::timestamp {
    struct Now has key { seconds: u64 }

    public fun now_seconds(): u64 acquires Now { Now[@0x1].seconds }

    #[test_only]
    public fun begin(world: &signer) { move_to(world, Now { seconds: 0 }); }

    #[test_only]
    public fun set(seconds: u64) acquires Now {
        let now = &mut Now[@0x1];
        now.seconds = seconds;
    }
}

module aptos_framework::event {
    /// Nobody looks at events here.
    public fun emit<T: store + drop>(_msg: T) {}
}

module aptos_framework::object {
    use std::account;
    use std::bcs;
    use std::from_bcs;
    use std::hash;

    struct Object<phantom T> has copy, drop, store { inner: address }
    struct ConstructorRef has drop { self: address }
    struct ExtendRef has drop, store { self: address }
    struct TransferRef has drop, store { self: address }
    struct ObjectCore has key { owner: address, allow_ungated_transfer: bool }
    /// So many objects have been made.
    struct Made has key { count: u64 }

    const E_NO_UNGATED_TRANSFERS: u64 = 0x50003;
    const E_NO_OBJECT: u64 = 0x60002;

    public fun create_sticky_object(owner_address: address): ConstructorRef acquires Made {
        let made = &mut Made[@0x1];
        made.count += 1;
        let self = from_bcs::from_bytes<address>(hash::sha3_256(bcs::to_bytes(&made.count)));
        move_to(&account::create_signer(self), ObjectCore { owner: owner_address, allow_ungated_transfer: true });
        ConstructorRef { self }
    }

    public fun address_to_object<T: key>(object: address): Object<T> {
        assert!(exists<ObjectCore>(object), E_NO_OBJECT);
        Object { inner: object }
    }

    public fun object_address<T: key>(object: &Object<T>): address { object.inner }

    public fun address_from_constructor_ref(ref: &ConstructorRef): address { ref.self }

    public fun generate_signer(ref: &ConstructorRef): signer { account::create_signer(ref.self) }

    public fun generate_extend_ref(ref: &ConstructorRef): ExtendRef { ExtendRef { self: ref.self } }

    public fun generate_signer_for_extending(ref: &ExtendRef): signer { account::create_signer(ref.self) }

    public fun generate_transfer_ref(ref: &ConstructorRef): TransferRef { TransferRef { self: ref.self } }

    public fun disable_ungated_transfer(ref: &TransferRef) acquires ObjectCore {
        let object = &mut ObjectCore[ref.self];
        object.allow_ungated_transfer = false;
    }

    /// An object owns itself; its owner owns it, and so on upwards.
    public fun owns<T: key>(object: Object<T>, owner: address): bool acquires ObjectCore {
        let at = object.inner;
        while (at != owner) {
            if (!exists<ObjectCore>(at)) { return false };
            at = ObjectCore[at].owner;
        };
        true
    }

    public fun owner<T: key>(object: Object<T>): address acquires ObjectCore { ObjectCore[object.inner].owner }

    public fun ungated_transfer_allowed<T: key>(object: Object<T>): bool acquires ObjectCore { ObjectCore[object.inner].allow_ungated_transfer }

    public fun transfer<T: key>(from: &signer, object: Object<T>, to: address) acquires ObjectCore {
        assert!(ungated_transfer_allowed(object) && owns(object, std::signer::address_of(from)), E_NO_UNGATED_TRANSFERS);
        let core = &mut ObjectCore[object.inner];
        core.owner = to;
    }

    /// The place of an object that an owner has of another one.
    public fun derived<T: key>(source: address, from: Object<T>): address {
        let bytes = bcs::to_bytes(&DerivedFrom { source, from: from.inner, scheme: 0xfc });
        from_bcs::from_bytes<address>(hash::sha3_256(bytes))
    }

    struct DerivedFrom has drop { source: address, from: address, scheme: u8 }

    public fun create_at(owner: address, self: address): ConstructorRef {
        move_to(&account::create_signer(self), ObjectCore { owner, allow_ungated_transfer: false });
        ConstructorRef { self }
    }

    public fun is_object(object: address): bool { exists<ObjectCore>(object) }

    #[test_only]
    public fun begin(world: &signer) { move_to(world, Made { count: 0 }); }
}

module aptos_framework::fungible_asset {
    use std::signer;
    use aptos_framework::object::{Self, ConstructorRef, Object};

    /// What the hooks of the asset do: take a fee of what is deposited, or refuse.
    struct Metadata has key { fee: u64, is_broken: bool }
    struct FungibleStore has key { metadata: Object<Metadata>, balance: u64, frozen: bool }
    struct FungibleAsset { metadata: Object<Metadata>, amount: u64 }

    const E_STORE_IS_FROZEN: u64 = 0x50003;
    const E_INSUFFICIENT_BALANCE: u64 = 0x10004;
    const E_NOT_STORE_OWNER: u64 = 0x50008;
    const E_OTHER_ASSET: u64 = 0x1000b;
    const E_HOOK_REFUSES: u64 = 0x50063;

    public fun create_store<T: key>(constructor_ref: &ConstructorRef, metadata: Object<T>): Object<FungibleStore> {
        let asset = object::address_to_object<Metadata>(object::object_address(&metadata));
        move_to(&object::generate_signer(constructor_ref), FungibleStore { metadata: asset, balance: 0, frozen: false });
        object::address_to_object<FungibleStore>(object::address_from_constructor_ref(constructor_ref))
    }

    public fun balance<T: key>(store: Object<T>): u64 acquires FungibleStore { FungibleStore[object::object_address(&store)].balance }

    public fun metadata_of(fa: &FungibleAsset): Object<Metadata> { fa.metadata }

    public fun mint(metadata: Object<Metadata>, amount: u64): FungibleAsset { FungibleAsset { metadata, amount } }

    public fun burn(fa: FungibleAsset) { let FungibleAsset { metadata: _, amount: _ } = fa; }

    /// Through the hook of the asset.
    public fun take_out<T: key>(owner: &signer, store: Object<T>, amount: u64): FungibleAsset acquires FungibleStore, Metadata {
        assert!(object::owns(store, signer::address_of(owner)), E_NOT_STORE_OWNER);
        let store = &mut FungibleStore[object::object_address(&store)];
        assert!(!Metadata[object::object_address(&store.metadata)].is_broken, E_HOOK_REFUSES);
        assert!(!store.frozen, E_STORE_IS_FROZEN);
        assert!(store.balance >= amount, E_INSUFFICIENT_BALANCE);
        store.balance -= amount;
        FungibleAsset { metadata: store.metadata, amount }
    }

    /// Through the hook of the asset.
    public fun put_in<T: key>(store: Object<T>, fa: FungibleAsset) acquires FungibleStore, Metadata {
        let FungibleAsset { metadata, amount } = fa;
        let store = &mut FungibleStore[object::object_address(&store)];
        assert!(store.metadata == metadata, E_OTHER_ASSET);
        let asset = &Metadata[object::object_address(&metadata)];
        assert!(!asset.is_broken, E_HOOK_REFUSES);
        assert!(!store.frozen, E_STORE_IS_FROZEN);
        store.balance += if (amount > asset.fee) { amount - asset.fee } else { 0 };
    }

    #[test_only]
    public fun new_asset(): Object<Metadata> {
        let made = object::create_sticky_object(@0x1);
        move_to(&object::generate_signer(&made), Metadata { fee: 0, is_broken: false });
        object::address_to_object<Metadata>(object::address_from_constructor_ref(&made))
    }

    #[test_only]
    public fun set_hooks(asset: Object<Metadata>, fee: u64, is_broken: bool) acquires Metadata {
        let metadata = &mut Metadata[object::object_address(&asset)];
        metadata.fee = fee;
        metadata.is_broken = is_broken;
    }

    #[test_only]
    public fun set_frozen(store: address, frozen: bool) acquires FungibleStore {
        let store = &mut FungibleStore[store];
        store.frozen = frozen;
    }

    #[test_only]
    /// What an issuer can do, in both directions.
    public fun set_balance(store: address, balance: u64) acquires FungibleStore {
        let store = &mut FungibleStore[store];
        store.balance = balance;
    }
}

module aptos_framework::dispatchable_fungible_asset {
    use aptos_framework::fungible_asset::{Self, FungibleAsset};
    use aptos_framework::object::Object;

    public fun deposit<T: key>(store: Object<T>, fa: FungibleAsset) { fungible_asset::put_in(store, fa); }

    public fun withdraw<T: key>(owner: &signer, store: Object<T>, amount: u64): FungibleAsset { fungible_asset::take_out(owner, store, amount) }
}

module aptos_framework::primary_fungible_store {
    use std::signer;
    use aptos_framework::fungible_asset::{Self, FungibleAsset, FungibleStore, Metadata};
    use aptos_framework::object::{Self, Object};

    public fun deposit(owner: address, fa: FungibleAsset) {
        let asset = fungible_asset::metadata_of(&fa);
        fungible_asset::put_in(ensure(owner, asset), fa);
    }

    public fun withdraw<T: key>(owner: &signer, metadata: Object<T>, amount: u64): FungibleAsset {
        let asset = object::address_to_object<Metadata>(object::object_address(&metadata));
        fungible_asset::take_out(owner, ensure(signer::address_of(owner), asset), amount)
    }

    public fun ensure(owner: address, asset: Object<Metadata>): Object<FungibleStore> {
        let store = object::derived(owner, asset);
        if (!object::is_object(store)) { fungible_asset::create_store(&object::create_at(owner, store), asset); };
        object::address_to_object<FungibleStore>(store)
    }
}

/// Coins of the older standard: a balance in coins is the one in the fungible asset that they are paired with.
module aptos_framework::coin {
    use std::option::{Self, Option};
    use aptos_framework::fungible_asset::{Self, FungibleAsset, Metadata};
    use aptos_framework::object::Object;
    use aptos_framework::primary_fungible_store;

    struct Coin<phantom CoinType> has store { value: u64 }
    struct Paired<phantom CoinType> has key { asset: Object<Metadata> }

    public fun withdraw<CoinType>(account: &signer, amount: u64): Coin<CoinType> acquires Paired {
        fungible_asset::burn(primary_fungible_store::withdraw(account, Paired<CoinType>[@0x1].asset, amount));
        Coin { value: amount }
    }

    public fun coin_to_fungible_asset<CoinType>(coin: Coin<CoinType>): FungibleAsset acquires Paired {
        let Coin { value } = coin;
        fungible_asset::mint(Paired<CoinType>[@0x1].asset, value)
    }

    public fun paired_metadata<CoinType>(): Option<Object<Metadata>> acquires Paired {
        if (exists<Paired<CoinType>>(@0x1)) { option::some(Paired<CoinType>[@0x1].asset) } else { option::none() }
    }

    #[test_only]
    public fun pair<CoinType>(world: &signer, asset: Object<Metadata>) { move_to(world, Paired<CoinType> { asset }); }
}
