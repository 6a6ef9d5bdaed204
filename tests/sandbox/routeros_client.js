// Reads and changes the demo router through a client from npm, and prints what it saw as one line of JSON.
const [kind, host, port] = process.argv.slice(2);
const where = { host, port: Number(port), user: "loket", password: "loket", timeout: 5 };

async function withNodeRouteros() {
  const { RouterOSAPI } = require("node-routeros");
  const api = new RouterOSAPI(where);
  await api.connect();
  const [john] = await api.write("/ppp/active/print", ["?name=john_pppoe"]);
  const missing = await api.write("/ppp/active/print", ["?name=nobody"]);
  await api.write("/ppp/secret/add", ["=name=baru", "=comment=lunas"]);
  const refusal = await api.write("/ppp/secret/remove", ["=.id=*FFF"]).catch((error) => error.message);
  api.close();
  return { address: john.address, missing: missing.length, refusal };
}

async function withRouterosClient() {
  const { RouterOSClient } = require("routeros-client");
  const api = new RouterOSClient(where);
  const client = await api.connect();
  const john = await client.menu("/ppp active").where("name", "john_pppoe").getOnly();
  const missing = await client.menu("/ppp active").where("name", "nobody").get();
  await client.menu("/ppp secret").add({ name: "baru", comment: "lunas" });
  const refusal = await client.menu("/ppp secret").remove("*FFF").catch((error) => error.message);
  await api.close();
  return { address: john.address, missing: missing.length, refusal };
}

const clients = { "node-routeros": withNodeRouteros, "routeros-client": withRouterosClient };
clients[kind]().then((told) => {
  console.log(JSON.stringify(told));
  process.exit(0);
});
