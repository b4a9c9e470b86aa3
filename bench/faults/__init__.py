"""What clients see while processes are killed, hung, cut off, filled up and emptied.

| module | holds |
|---|---|
| ``fault`` | what a fault is, and the stage it strikes |
| ``of_service``, ``of_store``, ``of_failover``, ``of_catalogue``, ``of_cluster`` | the faults |
| ``service``, ``stages`` | real services on real state stores |
| ``traffic``, ``ledger`` | clients that write and read, and what they were told |
| ``audit`` | what is there afterwards of what was acknowledged |
| ``run``, ``table`` | one run, and the table of all |

``python -m bench.faults``; docs/faults.md has the table.
"""
