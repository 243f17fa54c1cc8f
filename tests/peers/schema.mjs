// Asks Ajv which of the documents a JSON Schema (draft 2020-12) accepts.
// stdin: {"schema": {...}, "documents": [...]}; stdout: [true, false, ...]
import Ajv2020 from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';

const { schema, documents } = JSON.parse(readFileSync(0, 'utf8'));
const validate = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(schema);
process.stdout.write(JSON.stringify(documents.map((document) => validate(document))));
