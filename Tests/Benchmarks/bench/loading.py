# SPDX-License-Identifier: MIT
"""Instructions of `bq-loader` per row, with always the same rows in each insert."""

from . import bigquery, instructions, load, rows

# Inserts of a short and of a long run.
SHORT, LONG = 10, 40


def per_row(bench, batch) -> float:
    """Of inserts of `batch` rows."""
    with bigquery.serving(tables=[rows.TABLE], holds=True) as cloud:
        program = bench.programs.loader(
            cloud.port, MAX_INSERTS="1", BATCH_ROWS=str(batch), BATCH_LINGER="10s", MAX_IN_FLIGHT="5000")
        short, long = (
            instructions.total(bench, program, rows.HEALTH, f"{turns} times {batch} pushes",
                               lambda server: _in_step(server, cloud, turns, batch))
            for turns in (SHORT, LONG))
    return (long - short) / ((LONG - SHORT) * batch)


def _in_step(server, cloud, turns, batch):
    """While one insert waits for its answer, the pushes of the next arrive."""
    push = rows.push()
    health, first, *clients = (load.connect(server.port) for _ in range(2 + 2 * batch))
    halves = clients[:batch], clients[batch:]
    try:
        first.sendall(push)
        waiting = [first]
        for turn in range(turns):
            gathering = halves[turn % 2]
            for client in gathering:
                client.sendall(push)
            # It is asked after them, so its answer says that they have been read.
            health.sendall(rows.HEALTH)
            load.read_answer(health)
            _let_go(cloud, waiting)
            waiting = gathering
        _let_go(cloud, waiting)
    finally:
        for client in (health, first, *clients):
            client.close()


def _let_go(cloud, waiting):
    cloud.release()
    for client in waiting:
        load.read_answer(client)
