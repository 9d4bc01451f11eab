// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Tries out what arrives of a transfer
/// @notice Never deployed: nodes are asked what it would say if it stood at an address that holds the token.
contract TransferProbe {
    error TransferFailed();

    /// @return isTaken Whether the token says that it has done it, or says nothing, as older ones do
    /// @return lost What the holder has less afterwards
    /// @return arrived What the recipient has more
    function probe(IERC20 token, address to, uint256 amount) external returns (bool isTaken, uint256 lost, uint256 arrived) {
        (uint256 held, uint256 had) = (token.balanceOf(address(this)), token.balanceOf(to));
        (bool isDone, bytes memory answer) = address(token).call(abi.encodeCall(IERC20.transfer, (to, amount)));
        if (!isDone) revert TransferFailed();
        isTaken = answer.length == 0 || abi.decode(answer, (bool));
        (lost, arrived) = (held - token.balanceOf(address(this)), token.balanceOf(to) - had);
    }
}
