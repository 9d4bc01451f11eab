// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {TokenNetwork} from "./TokenNetwork.sol";

/// @title Finds the one TokenNetwork of each token, and creates it
/// @notice The owner decides which tokens may get a network, and has no power over networks that exist.
contract TokenNetworkRegistry is Ownable, Pausable {
    /// @notice In whole tokens, for each side of a channel
    uint256 private constant MAX_CHANNEL_DEPOSIT = 1_000_000;
    uint256 private constant MAX_CHANNEL_LIFETIME = 365 days;
    uint8 private constant USUAL_DECIMALS = 18;

    mapping(address token => address tokenNetwork) public token_to_token_networks;
    mapping(address tokenNetwork => address token) public token_network_to_token;
    mapping(address token => bool) public whitelistedTokens;
    /// @notice Whether only whitelisted tokens may get a network
    bool public whitelistEnabled;

    event TokenNetworkCreated(address indexed token, address indexed tokenNetwork);
    event WhitelistEnabled();
    event WhitelistDisabled();
    event TokenWhitelisted(address indexed token);
    event TokenRemovedFromWhitelist(address indexed token);

    error TokenNetworkAlreadyExists(address token);
    error InvalidTokenAddress();
    error TokenNotWhitelisted();

    constructor() Ownable(msg.sender) {}

    /// @notice Creates the network of `token`. Anybody may, unless there is a whitelist.
    function createTokenNetwork(address token) external whenNotPaused returns (address tokenNetwork) {
        if (token.code.length == 0) revert InvalidTokenAddress();
        if (token_to_token_networks[token] != address(0)) revert TokenNetworkAlreadyExists(token);
        if (whitelistEnabled && !whitelistedTokens[token]) revert TokenNotWhitelisted();

        uint256 maxChannelDeposit = MAX_CHANNEL_DEPOSIT * 10 ** _decimalsOf(token);
        tokenNetwork = address(new TokenNetwork(token, maxChannelDeposit, MAX_CHANNEL_LIFETIME));
        token_to_token_networks[token] = tokenNetwork;
        token_network_to_token[tokenNetwork] = token;
        emit TokenNetworkCreated(token, tokenNetwork);
    }

    /// @return The network of `token`, or zero
    function getTokenNetwork(address token) external view returns (address) {
        return token_to_token_networks[token];
    }

    function enableWhitelist() external onlyOwner {
        whitelistEnabled = true;
        emit WhitelistEnabled();
    }

    function disableWhitelist() external onlyOwner {
        whitelistEnabled = false;
        emit WhitelistDisabled();
    }

    function addTokenToWhitelist(address token) external onlyOwner {
        whitelistedTokens[token] = true;
        emit TokenWhitelisted(token);
    }

    function removeTokenFromWhitelist(address token) external onlyOwner {
        whitelistedTokens[token] = false;
        emit TokenRemovedFromWhitelist(token);
    }

    /// @notice Stops the creation of networks
    function pause() external onlyOwner {
        _pause();
    }

    function unpause() external onlyOwner {
        _unpause();
    }

    /// @dev Tokens need not say their decimals, and may say nonsense: then the usual 18.
    function _decimalsOf(address token) private view returns (uint8) {
        (bool answered, bytes memory answer) = token.staticcall(abi.encodeCall(IERC20Metadata.decimals, ()));
        if (!answered || answer.length < 32) return USUAL_DECIMALS;
        uint256 decimals = abi.decode(answer, (uint256));
        return decimals < USUAL_DECIMALS ? uint8(decimals) : USUAL_DECIMALS;
    }
}
