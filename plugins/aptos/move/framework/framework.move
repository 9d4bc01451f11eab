/// What `channel` calls of Aptos's framework: declarations of our own, to compile against. They have no bodies: nothing of this runs in tests.
module aptos_framework::chain_id {
    native public fun get(): u8;
}

module aptos_framework::timestamp {
    native public fun now_seconds(): u64;
}

module aptos_framework::event {
    native public fun emit<T: store + drop>(msg: T);
}

module aptos_framework::object {
    struct Object<phantom T> has copy, drop, store { inner: address }
    struct ConstructorRef has drop { self: address }
    struct ExtendRef has drop, store { self: address }
    struct TransferRef has drop, store { self: address }

    native public fun create_sticky_object(owner_address: address): ConstructorRef;
    native public fun address_to_object<T: key>(object: address): Object<T>;
    native public fun object_address<T: key>(object: &Object<T>): address;
    native public fun address_from_constructor_ref(ref: &ConstructorRef): address;
    native public fun generate_signer(ref: &ConstructorRef): signer;
    native public fun generate_extend_ref(ref: &ConstructorRef): ExtendRef;
    native public fun generate_signer_for_extending(ref: &ExtendRef): signer;
    native public fun generate_transfer_ref(ref: &ConstructorRef): TransferRef;
    native public fun disable_ungated_transfer(ref: &TransferRef);
}

module aptos_framework::fungible_asset {
    use aptos_framework::object::{ConstructorRef, Object};

    struct Metadata has key { decimals: u8 }
    struct FungibleStore has key { balance: u64 }
    struct FungibleAsset { amount: u64 }

    native public fun create_store<T: key>(constructor_ref: &ConstructorRef, metadata: Object<T>): Object<FungibleStore>;
    native public fun balance<T: key>(store: Object<T>): u64;
}

module aptos_framework::dispatchable_fungible_asset {
    use aptos_framework::fungible_asset::FungibleAsset;
    use aptos_framework::object::Object;

    native public fun deposit<T: key>(store: Object<T>, fa: FungibleAsset);
    native public fun withdraw<T: key>(owner: &signer, store: Object<T>, amount: u64): FungibleAsset;
}

module aptos_framework::primary_fungible_store {
    use aptos_framework::fungible_asset::FungibleAsset;
    use aptos_framework::object::Object;

    native public fun deposit(owner: address, fa: FungibleAsset);
    native public fun withdraw<T: key>(owner: &signer, metadata: Object<T>, amount: u64): FungibleAsset;
}

module aptos_framework::coin {
    use std::option::Option;
    use aptos_framework::fungible_asset::{FungibleAsset, Metadata};
    use aptos_framework::object::Object;

    struct Coin<phantom CoinType> has store { value: u64 }

    native public fun withdraw<CoinType>(account: &signer, amount: u64): Coin<CoinType>;
    native public fun coin_to_fungible_asset<CoinType>(coin: Coin<CoinType>): FungibleAsset;
    native public fun paired_metadata<CoinType>(): Option<Object<Metadata>>;
}
