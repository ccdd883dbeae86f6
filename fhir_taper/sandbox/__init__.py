"""The demo EHR: a real third-party FHIR server behind a SMART authorization server of our own, with synthetic patients.

    demo              starts and stops all of it: `start_demo()`
    ehr, ehr_process  the FHIR server (SEKMET), a process of its own on loopback, its data in a folder that goes with it
    charts            the synthetic patients, and how they get in
    resource_server   what stands at the FHIR base: bearer token, scopes, patient; then the FHIR server
    interactions, compartments, granted_scopes, forwarding     its parts
    authorization     discovery, authorize, sign-in                token_endpoint   codes and refresh tokens become access tokens
    clients, client_authentication, users, grants, keys, clock     their parts
    frame, pages      what a person sees: the EHR's own page that frames the app, the sign-in page
    server            a web server on a thread of its own

For demonstrations and tests. It listens on loopback alone, forgets everything when it stops, and must never hold a real patient.
"""
