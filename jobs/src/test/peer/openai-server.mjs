// Serves a GGUF file by OpenAI's chat completions, with llama.cpp behind it, to compare with:
//   npm install --legacy-peer-deps inference-server@1.0.0-beta.32 node-llama-cpp@3.22.1
//   node openai-server.mjs engine-gpu/models/tickets-target-q8_0.gguf 39123
// and then, beside a run of the same file with the local model:
//   MYKEY=none ./millrace batch --input in.jsonl --output out.jsonl --set millrace.models=tickets \
//     --set millrace.model.tickets.protocol=openai --set millrace.model.tickets.remote-model=tickets \
//     --set millrace.model.tickets.url=http://127.0.0.1:39123/openai/v1 \
//     --set millrace.model.tickets.api-key-env=MYKEY --set millrace.model.tickets.price=catalogue:gpt-4o \
//     --set millrace.model.tickets.max-tokens-field=max_tokens
// At temperature 0 the texts are equal. Not part of the build.
import {resolve} from "node:path";
import {InferenceServer, createExpressServer} from "inference-server";

const [file, port] = process.argv.slice(2);
const models = new InferenceServer({
  concurrency: 1,
  models: {
    tickets: {
      task: "text-completion",
      engine: "node-llama-cpp",
      location: resolve(file),
      contextSize: 1024,
      device: {gpu: false},
    },
  },
});
await models.start();
createExpressServer(models).listen(Number(port), "127.0.0.1");
