"""The only door to the chain: node, accounts, contracts, deployment, transactions."""
