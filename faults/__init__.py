"""Faults played on running servers, and what their clients had been told.

`python -m faults` plays the rows of `faults/rows/` one after the other and prints a table. Each row starts the real
server, does harm, and compares what the shop holds afterwards with a ledger that the clients kept. Nothing imports this
package.
"""
