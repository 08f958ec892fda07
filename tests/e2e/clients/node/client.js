// A team's service in Node: makes a key, validates it, checks it, revokes it, checks it again. Prints what each
// answered as one JSON object. ADDRESS, CREDENTIAL (a key that may do all that) and PROTOS are variables.
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const { ADDRESS, CREDENTIAL, PROTOS } = process.env;
const definition = loader.loadSync(["bitting/v1/check.proto", "bitting/v1/key.proto"], {
  includeDirs: [PROTOS], keepCase: true, enums: String, longs: String, defaults: true,
});
const { CheckService, KeyService } = grpc.loadPackageDefinition(definition).bitting.v1;

const credentials = grpc.credentials.createInsecure();
const checks = new CheckService(ADDRESS, credentials);
const keys = new KeyService(ADDRESS, credentials);

const metadata = new grpc.Metadata();
metadata.set("authorization", `Bearer ${CREDENTIAL}`);

function call(client, method, request) {
  const deadline = new Date(Date.now() + 30000);
  return new Promise((resolve, reject) => {
    client[method](request, metadata, { deadline }, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

async function main() {
  const made = await call(keys, "CreateKey", { name: "from node", scopes: ["users.read"] });
  const { token } = made;
  const valid = await call(checks, "Validate", { token });
  const allowed = await call(checks, "CheckScope", { token, scopes: ["users.read"] });
  const denied = await call(checks, "CheckScope", { token, scopes: ["users.create"] });
  await call(keys, "RevokeKey", { key_id: made.key.key_id, reason: "done" });
  const revoked = await call(checks, "CheckScope", { token, scopes: ["users.read"] });
  console.log(JSON.stringify({ valid, allowed, denied, revoked }));
}

main().then(() => process.exit(0), (error) => {
  console.error(error.message);
  process.exit(1);
});
