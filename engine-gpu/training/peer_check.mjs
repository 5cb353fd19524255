// SPDX-License-Identifier: Apache-2.0
// Runs a GGUF file in llama.cpp (through node-llama-cpp) and compares with this folder's torch model:
// the ids of the chat text, and the greedy answer.
//
//   npm i node-llama-cpp                      (in any folder outside the repository; copy this file there)
//   python3 peer_records.py FILE.gguf > records.jsonl
//   node peer_check.mjs FILE.gguf records.jsonl
import {readFileSync} from "node:fs";
import {getLlama} from "node-llama-cpp";

const [file, recordsFile] = process.argv.slice(2);
const records = readFileSync(recordsFile, "utf8").trim().split("\n").map((line) => JSON.parse(line));

const llama = await getLlama({gpu: false, build: "never"});
const model = await llama.loadModel({modelPath: file});
const context = await model.createContext({contextSize: 512, threads: 1});
const sequence = context.getSequence();

let sameIds = 0;
let sameText = 0;
for (const {text, prompt, answer} of records) {
    const ids = model.tokenize(text, true);
    sameIds += JSON.stringify(ids) === JSON.stringify(prompt) ? 1 : 0;

    await sequence.clearHistory();
    const generated = [];
    for await (const token of sequence.evaluate(prompt, {temperature: 0})) {
        if (model.isEogToken(token) || generated.length === 160) {
            break;
        }
        generated.push(token);
    }
    const written = model.detokenize(generated);
    if (written === answer) {
        sameText++;
    } else {
        console.log(`differs\n  torch     ${answer}\n  llama.cpp ${written}`);
    }
}
console.log(JSON.stringify({file: file.split("/").pop(), records: records.length, sameIds, sameText}));
await llama.dispose();
