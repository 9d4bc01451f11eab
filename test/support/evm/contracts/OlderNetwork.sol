// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What every generation of networks can be called with.
abstract contract AnyNetwork {
    struct BalanceProof {
        bytes32 channelId;
        uint256 nonce;
        uint256 transferredAmount;
        uint256 lockedAmount;
        bytes32 locksRoot;
    }

    uint256 public channelCounter;

    function openChannel(address, uint256) external returns (bytes32) {
        return bytes32(++channelCounter);
    }

    function setTotalDeposit(bytes32, address, uint256) external {
        channelCounter++;
    }

    function settleChannel(bytes32) external {
        channelCounter++;
    }
}

/// @notice What the older generation of networks can be called with: no claim is redeemed while a channel is open.
contract OlderNetwork is AnyNetwork {
    function closeChannel(bytes32, BalanceProof calldata, bytes calldata) external {
        channelCounter++;
    }

    function updateNonClosingBalanceProof(bytes32, BalanceProof calldata, bytes calldata) external {
        channelCounter++;
    }

    function cooperativeSettle(
        bytes32,
        BalanceProof calldata,
        bytes calldata,
        BalanceProof calldata,
        bytes calldata
    ) external {
        channelCounter++;
    }

    function withdraw(bytes32, uint256, uint256, bytes calldata) external {
        channelCounter++;
    }
}

/// @notice What networks can be called with that cannot end a channel with the consent of one side.
contract FormerNetwork is AnyNetwork {
    function claimFromChannel(bytes32, BalanceProof calldata, bytes calldata) external {
        channelCounter++;
    }

    function closeChannel(bytes32) external {
        channelCounter++;
    }

    function cooperativeClose(bytes32, uint256, uint256, uint256, bytes calldata, bytes calldata) external {
        channelCounter++;
    }
}

/// @notice Has one network for every token.
contract OneRegistry {
    address private immutable _network;

    constructor(address network) {
        _network = network;
    }

    function getTokenNetwork(address) external view returns (address) {
        return _network;
    }
}

/// @notice Stands for another contract, which it says as EIP-1967 asks for.
contract Proxy {
    constructor(address implementation) {
        assembly {
            sstore(0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc, implementation)
        }
    }

    fallback() external payable {
        assembly {
            let implementation := sload(0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc)
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), implementation, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
