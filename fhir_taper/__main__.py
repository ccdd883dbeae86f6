"""`python -m fhir_taper`: the command line, for machines whose PATH lacks it. Nothing else belongs here."""

from fhir_taper.cli import main

if __name__ == "__main__":
    main()
