"""Reads a ledger with other people's tools and prints each one's totals, which must be equal.

    python -m venv v && v/bin/pip install polars pandas pyarrow duckdb
    v/bin/python jobs/src/test/peer/ledger_clients.py .millrace-data/ledger

Not part of the build. Run it while no compaction runs: these tools know nothing of .replaces.
"""

import decimal
import glob
import sys

ledger = sys.argv[1]
arrow = sorted(glob.glob(ledger + "/day=*/*.arrow"))
parquet = sorted(glob.glob(ledger + "/day=*/*.parquet"))
decimal.getcontext().prec = 60
totals = {}


def with_polars():
    import polars as pl

    parts = []
    if arrow:
        parts.append(pl.scan_ipc(ledger + "/day=*/*.arrow", hive_partitioning=False))
    if parquet:
        parts.append(pl.scan_parquet(ledger + "/day=*/*.parquet", hive_partitioning=False))
    rows = pl.concat(parts, how="diagonal_relaxed")
    out = rows.select(pl.len(), pl.col("total_usd").sum(), pl.col("output_tokens").sum()).collect()
    return out.row(0)


def with_pandas():
    import pandas as pd
    import pyarrow.feather as feather
    import pyarrow.parquet as pq

    tables = [feather.read_table(f) for f in arrow] + [pq.ParquetFile(f).read() for f in parquet]
    rows = pd.concat([t.to_pandas() for t in tables])
    return len(rows), rows["total_usd"].dropna().sum(), int(rows["output_tokens"].sum())


def with_duckdb():
    import duckdb
    import pyarrow.dataset as ds

    relations = []
    if arrow:
        arrow_rows = ds.dataset(arrow, format="ipc")  # found by its name in the query
        relations.append("SELECT * FROM arrow_rows")
    if parquet:
        relations.append(f"SELECT * FROM read_parquet('{ledger}/day=*/*.parquet', hive_partitioning = false)")
    sql = "SELECT count(*), sum(total_usd), sum(output_tokens) FROM (%s)"
    return duckdb.sql(sql % " UNION ALL BY NAME ".join(relations)).fetchone()


for name, read in (("polars", with_polars), ("pandas", with_pandas), ("duckdb", with_duckdb)):
    count, usd, tokens = read()
    totals[name] = (count, decimal.Decimal(usd), int(tokens))
    print(f"{name}: {count} rows, {usd} USD, {tokens} output tokens")
if len(set(totals.values())) != 1:
    sys.exit("the totals differ")
