// Reads a ledger's Arrow files with Polars for Node and prints the totals.
//   npm install nodejs-polars@0.26.1 nodejs-polars-linux-x64-gnu@0.26.1
//   node ledger-polars.mjs .millrace-data/ledger
// Not part of the build. readIPC(path) of that version fails; scanIPC works. Decimals come out of
// it as numbers of 64 bits, so that sums leave it as text.
import {readdirSync} from "node:fs";
import pl from "nodejs-polars";

const ledger = process.argv[2];
const files = readdirSync(ledger)
  .filter((day) => day.startsWith("day="))
  .flatMap((day) =>
    readdirSync(`${ledger}/${day}`)
      .filter((name) => name.endsWith(".arrow") || name.endsWith(".parquet"))
      .map((name) => `${ledger}/${day}/${name}`));
const scan = (file) => (file.endsWith(".arrow") ? pl.scanIPC(file) : pl.scanParquet(file));
const rows = pl.concat(
  files.map((file) => scan(file).select("total_usd", "output_tokens").collectSync()));
const totals = rows.select(
  pl.count("total_usd").alias("priced"),
  pl.col("total_usd").sum().cast(pl.Utf8).alias("usd"),
  pl.col("output_tokens").sum().alias("tokens"));
console.log(`nodejs-polars: ${rows.height} rows, ${totals.row(0)[1]} USD, ${totals.row(0)[2]} output tokens`);
