// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Tells whether the states of many channels have changed
/// @notice Never deployed: nodes are asked what its constructor would leave behind, which works without any address. It leaves the time
/// of the block, and for each channel the hash of all that the network says of it.
contract StateProbe {
    constructor(address network, bytes32[] memory channelIds) {
        bytes32[] memory answer = new bytes32[](channelIds.length + 1);
        answer[0] = bytes32(block.timestamp);
        for (uint256 i = 0; i < channelIds.length; ++i) answer[i + 1] = _digest(network, channelIds[i]);
        assembly ("memory-safe") {
            return(add(answer, 32), mul(mload(answer), 32))
        }
    }

    /// @return Zero where the network says nothing
    function _digest(address network, bytes32 channelId) private view returns (bytes32) {
        bytes memory channel = _ask(network, abi.encodeWithSignature("channels(bytes32)", channelId));
        if (channel.length < 192) return 0;
        (,,,, address first, address second) = abi.decode(channel, (uint256, uint256, uint256, uint256, address, address));
        return keccak256(bytes.concat(channel, _party(network, channelId, first), _party(network, channelId, second)));
    }

    function _party(address network, bytes32 channelId, address participant) private view returns (bytes memory) {
        return bytes.concat(
            _ask(network, abi.encodeWithSignature("participants(bytes32,address)", channelId, participant)),
            _ask(network, abi.encodeWithSignature("claimedAmounts(bytes32,address)", channelId, participant))
        );
    }

    function _ask(address network, bytes memory question) private view returns (bytes memory answer) {
        (, answer) = network.staticcall(question);
    }
}
