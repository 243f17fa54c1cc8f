// Independent implementations, asked one question per run: the answer goes to standard output, a failure to standard error.
import { readFileSync } from "node:fs";

const [question, ...args] = process.argv.slice(2);
const input = () => readFileSync(0);
const print = (bytes) => process.stdout.write(bytes);

const answers = {
  // Every vector of the age test set, a line each: its name and the file in base64.
  async vectors() {
    const vectors = await import("cctv-age");
    for (const [name, file] of Object.entries(vectors)) {
      print(`${name} ${Buffer.from(file).toString("base64")}\n`);
    }
  },

  async "age-encrypt"(recipient, armored) {
    const age = await import("age-encryption");
    const encrypter = new age.Encrypter();
    encrypter.addRecipient(recipient);
    const file = await encrypter.encrypt(new Uint8Array(input()));
    print(armored === "armor" ? age.armor.encode(file) : file);
  },

  async "age-decrypt"(identity, armored) {
    const age = await import("age-encryption");
    const decrypter = new age.Decrypter();
    decrypter.addIdentity(identity);
    const file = input();
    print(await decrypter.decrypt(armored === "armor" ? age.armor.decode(file.toString()) : new Uint8Array(file)));
  },

  // The plain values of a SOPS file, as JSON.
  async "sops-decrypt"(identity, fileType) {
    const { decryptSops } = await import("sops-age");
    print(JSON.stringify(await decryptSops(input().toString(), { secretKey: identity, fileType })));
  },
};

await answers[question](...args);
