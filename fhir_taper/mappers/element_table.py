"""Elements of every resource type of FHIR R4B, so that a name can be looked up without the models.

Written by `python -m tests.mappers.publish_element_table` from fhir.resources; not edited by hand. One type a line, continued under
it; `_` before a name marks a primitive, which may have its extension beside it. Data only: `element_names` reads it.
"""

OF_EVERY_RESOURCE = "id meta _implicitRules _language"
OF_EVERY_DOMAIN_RESOURCE = "id meta _implicitRules _language text contained extension modifierExtension"

RESOURCES = """
Binary _contentType securityContext _data
Bundle identifier _type _timestamp _total link entry signature
Parameters parameter
"""

DOMAIN_RESOURCES = """
Account identifier _status type _name subject servicePeriod coverage owner _description guarantor partOf
ActivityDefinition _url identifier _version _name _title _subtitle _status _experimental subjectCodeableConcept subjectReference
  _subjectCanonical _date _publisher contact _description useContext jurisdiction _purpose _usage _copyright _approvalDate
  _lastReviewDate effectivePeriod topic author editor reviewer endorser relatedArtifact _library _kind _profile code _intent _priority
  _doNotPerform timingTiming _timingDateTime timingAge timingPeriod timingRange timingDuration location participant productReference
  productCodeableConcept quantity dosage bodySite specimenRequirement observationRequirement observationResultRequirement _transform
  dynamicValue
AdministrableProductDefinition identifier _status formOf administrableDoseForm unitOfPresentation producedFrom ingredient device
  property routeOfAdministration
AdverseEvent identifier _actuality category event subject encounter _date _detected _recordedDate resultingCondition location
  seriousness severity outcome recorder contributor suspectEntity subjectMedicalHistory referenceDocument study
AllergyIntolerance identifier clinicalStatus verificationStatus _type _category _criticality code patient encounter _onsetDateTime
  onsetAge onsetPeriod onsetRange _onsetString _recordedDate recorder asserter _lastOccurrence note reaction
Appointment identifier _status cancelationReason serviceCategory serviceType specialty appointmentType reasonCode reasonReference
  _priority _description supportingInformation _start _end _minutesDuration slot _created _comment _patientInstruction basedOn
  participant requestedPeriod
AppointmentResponse identifier appointment _start _end participantType actor _participantStatus _comment
AuditEvent type subtype _action period _recorded _outcome _outcomeDesc purposeOfEvent agent source entity
Basic identifier code subject _created author
BiologicallyDerivedProduct identifier _productCategory productCode _status request _quantity parent collection processing manipulation
  storage
BodyStructure identifier _active morphology location locationQualifier _description image patient
CapabilityStatement _url _version _name _title _status _experimental _date _publisher contact _description useContext jurisdiction
  _purpose _copyright _kind _instantiates _imports software implementation _fhirVersion _format _patchFormat _implementationGuide rest
  messaging document
CarePlan identifier _instantiatesCanonical _instantiatesUri basedOn replaces partOf _status _intent category _title _description subject
  encounter period _created author contributor careTeam addresses supportingInfo goal activity note
CareTeam identifier _status category _name subject encounter period participant reasonCode reasonReference managingOrganization telecom
  note
CatalogEntry identifier type _orderable referencedItem additionalIdentifier classification _status validityPeriod _validTo _lastUpdated
  additionalCharacteristic additionalClassification relatedEntry
ChargeItem identifier _definitionUri _definitionCanonical _status partOf code subject context _occurrenceDateTime occurrencePeriod
  occurrenceTiming performer performingOrganization requestingOrganization costCenter quantity bodysite _factorOverride priceOverride
  _overrideReason enterer _enteredDate reason service productReference productCodeableConcept account note supportingInformation
ChargeItemDefinition _url identifier _version _title _derivedFromUri _partOf _replaces _status _experimental _date _publisher contact
  _description useContext jurisdiction _copyright _approvalDate _lastReviewDate effectivePeriod code instance applicability
  propertyGroup
Citation _url identifier _version _name _title _status _experimental _date _publisher contact _description useContext jurisdiction
  _purpose _copyright _approvalDate _lastReviewDate effectivePeriod author editor reviewer endorser summary classification note
  currentState statusDate relatesTo citedArtifact
Claim identifier _status type subType _use patient billablePeriod _created enterer insurer provider priority fundsReserve related
  prescription originalPrescription payee referral facility careTeam supportingInfo diagnosis procedure insurance accident item total
ClaimResponse identifier _status type subType _use patient _created insurer requestor request _outcome _disposition _preAuthRef
  preAuthPeriod payeeType item addItem adjudication total payment fundsReserve formCode form processNote communicationRequest insurance
  error
ClinicalImpression identifier _status statusReason code _description subject encounter _effectiveDateTime effectivePeriod _date assessor
  previous problem investigation _protocol _summary finding prognosisCodeableConcept prognosisReference supportingInfo note
ClinicalUseDefinition identifier _type category subject status contraindication indication interaction population undesirableEffect
  warning
CodeSystem _url identifier _version _name _title _status _experimental _date _publisher contact _description useContext jurisdiction
  _purpose _copyright _caseSensitive _valueSet _hierarchyMeaning _compositional _versionNeeded _content _supplements _count filter
  property concept
Communication identifier _instantiatesCanonical _instantiatesUri basedOn partOf inResponseTo _status statusReason category _priority
  medium subject topic about encounter _sent _received recipient sender reasonCode reasonReference payload note
CommunicationRequest identifier basedOn replaces groupIdentifier _status statusReason category _priority _doNotPerform medium subject
  about encounter payload _occurrenceDateTime occurrencePeriod _authoredOn requester recipient sender reasonCode reasonReference note
CompartmentDefinition _url _version _name _status _experimental _date _publisher contact _description useContext _purpose _code _search
  resource
Composition identifier _status type category subject encounter _date author _title _confidentiality attester custodian relatesTo event
  section
ConceptMap _url identifier _version _name _title _status _experimental _date _publisher contact _description useContext jurisdiction
  _purpose _copyright _sourceUri _sourceCanonical _targetUri _targetCanonical group
Condition identifier clinicalStatus verificationStatus category severity code bodySite subject encounter _onsetDateTime onsetAge
  onsetPeriod onsetRange _onsetString _abatementDateTime abatementAge abatementPeriod abatementRange _abatementString _recordedDate
  recorder asserter stage evidence note
Consent identifier _status scope category patient _dateTime performer organization sourceAttachment sourceReference policy policyRule
  verification provision
Contract identifier _url _version _status legalState instantiatesCanonical _instantiatesUri contentDerivative _issued applies
  expirationType subject authority domain site _name _title _subtitle _alias author scope topicCodeableConcept topicReference type
  subType contentDefinition term supportingInfo relevantHistory signer friendly legal rule legallyBindingAttachment
  legallyBindingReference
Coverage identifier _status type policyHolder subscriber _subscriberId beneficiary _dependent relationship period payor class _order
  _network costToBeneficiary _subrogation contract
CoverageEligibilityRequest identifier _status priority _purpose patient _servicedDate servicedPeriod _created enterer provider insurer
  facility supportingInfo insurance item
CoverageEligibilityResponse identifier _status _purpose patient _servicedDate servicedPeriod _created requestor request _outcome
  _disposition insurer insurance _preAuthRef form error
DetectedIssue identifier _status code _severity patient _identifiedDateTime identifiedPeriod author implicated evidence _detail
  _reference mitigation
Device identifier definition udiCarrier _status statusReason _distinctIdentifier _manufacturer _manufactureDate _expirationDate
  _lotNumber _serialNumber deviceName _modelNumber _partNumber type specialization version property patient owner contact location _url
  note safety parent
DeviceDefinition identifier udiDeviceIdentifier _manufacturerString manufacturerReference deviceName _modelNumber type specialization
  _version safety shelfLifeStorage physicalCharacteristics languageCode capability property owner contact _url _onlineInformation note
  quantity parentDevice material
DeviceMetric identifier type unit source parent _operationalStatus _color _category measurementPeriod calibration
DeviceRequest identifier _instantiatesCanonical _instantiatesUri basedOn priorRequest groupIdentifier _status _intent _priority
  codeReference codeCodeableConcept parameter subject encounter _occurrenceDateTime occurrencePeriod occurrenceTiming _authoredOn
  requester performerType performer reasonCode reasonReference insurance supportingInfo note relevantHistory
DeviceUseStatement identifier basedOn _status subject derivedFrom timingTiming timingPeriod _timingDateTime _recordedOn source device
  reasonCode reasonReference bodySite note
DiagnosticReport identifier basedOn _status category code subject encounter _effectiveDateTime effectivePeriod _issued performer
  resultsInterpreter specimen result imagingStudy media _conclusion conclusionCode presentedForm
DocumentManifest masterIdentifier identifier _status type subject _created author recipient _source _description content related
DocumentReference masterIdentifier identifier _status _docStatus type category subject _date author authenticator custodian relatesTo
  _description securityLabel content context
Encounter identifier _status statusHistory class classHistory type serviceType priority subject episodeOfCare basedOn participant
  appointment period length reasonCode reasonReference diagnosis account hospitalization location serviceProvider partOf
Endpoint identifier _status connectionType _name managingOrganization contact period payloadType _payloadMimeType _address _header
EnrollmentRequest identifier _status _created insurer provider candidate coverage
EnrollmentResponse identifier _status request _outcome _disposition _created organization requestProvider
EpisodeOfCare identifier _status statusHistory type diagnosis patient managingOrganization period referralRequest careManager team
  account
EventDefinition _url identifier _version _name _title _subtitle _status _experimental subjectCodeableConcept subjectReference _date
  _publisher contact _description useContext jurisdiction _purpose _usage _copyright _approvalDate _lastReviewDate effectivePeriod topic
  author editor reviewer endorser relatedArtifact trigger
Evidence _url identifier _version _title citeAsReference _citeAsMarkdown _status _date useContext _approvalDate _lastReviewDate
  _publisher contact author editor reviewer endorser relatedArtifact _description _assertion note variableDefinition synthesisType
  studyType statistic certainty
EvidenceReport _url _status useContext identifier relatedIdentifier citeAsReference _citeAsMarkdown type note relatedArtifact subject
  _publisher contact author editor reviewer endorser relatesTo section
EvidenceVariable _url identifier _version _name _title _shortTitle _subtitle _status _date _description note useContext _publisher
  contact author editor reviewer endorser relatedArtifact _actual _characteristicCombination characteristic _handling category
ExampleScenario _url identifier _version _name _status _experimental _date _publisher contact useContext jurisdiction _copyright
  _purpose actor instance process _workflow
ExplanationOfBenefit identifier _status type subType _use patient billablePeriod _created enterer insurer provider priority
  fundsReserveRequested fundsReserve related prescription originalPrescription payee referral facility claim claimResponse _outcome
  _disposition _preAuthRef preAuthRefPeriod careTeam supportingInfo diagnosis procedure _precedence insurance accident item addItem
  adjudication total payment formCode form processNote benefitPeriod benefitBalance
FamilyMemberHistory identifier _instantiatesCanonical _instantiatesUri _status dataAbsentReason patient _date _name relationship sex
  bornPeriod _bornDate _bornString ageAge ageRange _ageString _estimatedAge _deceasedBoolean deceasedAge deceasedRange _deceasedDate
  _deceasedString reasonCode reasonReference note condition
Flag identifier _status category code subject period encounter author
Goal identifier _lifecycleStatus achievementStatus category priority description subject _startDate startCodeableConcept target
  _statusDate _statusReason expressedBy addresses note outcomeCode outcomeReference
GraphDefinition _url _version _name _status _experimental _date _publisher contact _description useContext jurisdiction _purpose _start
  _profile link
Group identifier _active _type _actual code _name _quantity managingEntity characteristic member
GuidanceResponse requestIdentifier identifier _moduleUri _moduleCanonical moduleCodeableConcept _status subject encounter
  _occurrenceDateTime performer reasonCode reasonReference note evaluationMessage outputParameters result dataRequirement
HealthcareService identifier _active providedBy category type specialty location _name _comment _extraDetails photo telecom coverageArea
  serviceProvisionCode eligibility program characteristic communication referralMethod _appointmentRequired availableTime notAvailable
  _availabilityExceptions endpoint
ImagingStudy identifier _status modality subject encounter _started basedOn referrer interpreter endpoint _numberOfSeries
  _numberOfInstances procedureReference procedureCode location reasonCode reasonReference note _description series
Immunization identifier _status statusReason vaccineCode patient encounter _occurrenceDateTime _occurrenceString _recorded
  _primarySource reportOrigin location manufacturer _lotNumber _expirationDate site route doseQuantity performer note reasonCode
  reasonReference _isSubpotent subpotentReason education programEligibility fundingSource reaction protocolApplied
ImmunizationEvaluation identifier _status patient _date authority targetDisease immunizationEvent doseStatus doseStatusReason
  _description _series _doseNumberPositiveInt _doseNumberString _seriesDosesPositiveInt _seriesDosesString
ImmunizationRecommendation identifier patient _date authority recommendation
ImplementationGuide _url _version _name _title _status _experimental _date _publisher contact _description useContext jurisdiction
  _copyright _packageId _license _fhirVersion dependsOn global definition manifest
Ingredient identifier _status for role function _allergenicIndicator manufacturer substance
InsurancePlan identifier _status type _name _alias period ownedBy administeredBy coverageArea contact endpoint network coverage plan
Invoice identifier _status _cancelledReason type subject recipient _date participant issuer account lineItem totalPriceComponent
  totalNet totalGross _paymentTerms note
Library _url identifier _version _name _title _subtitle _status _experimental type subjectCodeableConcept subjectReference _date
  _publisher contact _description useContext jurisdiction _purpose _usage _copyright _approvalDate _lastReviewDate effectivePeriod topic
  author editor reviewer endorser relatedArtifact parameter dataRequirement content
Linkage _active author item
List identifier _status _mode _title code subject encounter _date source orderedBy note entry emptyReason
Location identifier _status operationalStatus _name _alias _description _mode type telecom address physicalType position
  managingOrganization partOf hoursOfOperation _availabilityExceptions endpoint
ManufacturedItemDefinition identifier _status manufacturedDoseForm unitOfPresentation manufacturer ingredient property
Measure _url identifier _version _name _title _subtitle _status _experimental subjectCodeableConcept subjectReference _date _publisher
  contact _description useContext jurisdiction _purpose _usage _copyright _approvalDate _lastReviewDate effectivePeriod topic author
  editor reviewer endorser relatedArtifact _library _disclaimer scoring compositeScoring type _riskAdjustment _rateAggregation
  _rationale _clinicalRecommendationStatement improvementNotation _definition _guidance group supplementalData
MeasureReport identifier _status _type _measure subject _date reporter period improvementNotation group evaluatedResource
Media identifier basedOn partOf _status type modality view subject encounter _createdDateTime createdPeriod _issued operator reasonCode
  bodySite _deviceName device _height _width _frames _duration content note
Medication identifier code _status manufacturer form amount ingredient batch
MedicationAdministration identifier _instantiates partOf _status statusReason category medicationCodeableConcept medicationReference
  subject context supportingInformation _effectiveDateTime effectivePeriod performer reasonCode reasonReference request device note
  dosage eventHistory
MedicationDispense identifier partOf _status statusReasonCodeableConcept statusReasonReference category medicationCodeableConcept
  medicationReference subject context supportingInformation performer location authorizingPrescription type quantity daysSupply
  _whenPrepared _whenHandedOver destination receiver note dosageInstruction substitution detectedIssue eventHistory
MedicationKnowledge code _status manufacturer doseForm amount _synonym relatedMedicationKnowledge associatedMedication productType
  monograph ingredient _preparationInstruction intendedRoute cost monitoringProgram administrationGuidelines medicineClassification
  packaging drugCharacteristic contraindication regulatory kinetics
MedicationRequest identifier _status statusReason _intent category _priority _doNotPerform _reportedBoolean reportedReference
  medicationCodeableConcept medicationReference subject encounter supportingInformation _authoredOn requester performer performerType
  recorder reasonCode reasonReference _instantiatesCanonical _instantiatesUri basedOn groupIdentifier courseOfTherapyType insurance note
  dosageInstruction dispenseRequest substitution priorPrescription detectedIssue eventHistory
MedicationStatement identifier basedOn partOf _status statusReason category medicationCodeableConcept medicationReference subject
  context _effectiveDateTime effectivePeriod _dateAsserted informationSource derivedFrom reasonCode reasonReference note dosage
MedicinalProductDefinition identifier type domain _version status _statusDate _description combinedPharmaceuticalDoseForm route
  _indication legalStatusOfSupply additionalMonitoringIndicator specialMeasures pediatricUseIndicator classification marketingStatus
  packagedMedicinalProduct ingredient impurity attachedDocument masterFile contact clinicalTrial code name crossReference operation
  characteristic
MessageDefinition _url identifier _version _name _title _replaces _status _experimental _date _publisher contact _description useContext
  jurisdiction _purpose _copyright _base _parent eventCoding _eventUri _category focus _responseRequired allowedResponse _graph
MessageHeader eventCoding _eventUri destination sender enterer author source responsible reason response focus _definition
MolecularSequence identifier _type _coordinateSystem patient specimen device performer quantity referenceSeq variant _observedSeq
  quality _readCoverage repository pointer structureVariant
NamingSystem _name _status _kind _date _publisher contact _responsible type _description useContext jurisdiction _usage uniqueId
NutritionOrder identifier _instantiatesCanonical _instantiatesUri _instantiates _status _intent patient encounter _dateTime orderer
  allergyIntolerance foodPreferenceModifier excludeFoodModifier oralDiet supplement enteralFormula note
NutritionProduct _status category code manufacturer nutrient ingredient knownAllergen productCharacteristic instance note
Observation identifier basedOn partOf _status category code subject focus encounter _effectiveDateTime effectivePeriod effectiveTiming
  _effectiveInstant _issued performer valueQuantity valueCodeableConcept _valueString _valueBoolean _valueInteger valueRange valueRatio
  valueSampledData _valueTime _valueDateTime valuePeriod dataAbsentReason interpretation note bodySite method specimen device
  referenceRange hasMember derivedFrom component
ObservationDefinition category code identifier _permittedDataType _multipleResultsAllowed method _preferredReportName
  quantitativeDetails qualifiedInterval validCodedValueSet normalCodedValueSet abnormalCodedValueSet criticalCodedValueSet
OperationDefinition _url _version _name _title _status _kind _experimental _date _publisher contact _description useContext jurisdiction
  _purpose _affectsState _code _comment _base _resource _system _type _instance _inputProfile _outputProfile parameter overload
OperationOutcome issue
Organization identifier _active type _name _alias telecom address partOf contact endpoint
OrganizationAffiliation identifier _active period organization participatingOrganization network code specialty location
  healthcareService telecom endpoint
PackagedProductDefinition identifier _name type packageFor status _statusDate containedItemQuantity _description legalStatusOfSupply
  marketingStatus characteristic _copackagedIndicator manufacturer package
Patient identifier _active name telecom _gender _birthDate _deceasedBoolean _deceasedDateTime address maritalStatus
  _multipleBirthBoolean _multipleBirthInteger photo contact communication generalPractitioner managingOrganization link
PaymentNotice identifier _status request response _created provider payment _paymentDate payee recipient amount paymentStatus
PaymentReconciliation identifier _status period _created paymentIssuer request requestor _outcome _disposition _paymentDate
  paymentAmount paymentIdentifier detail formCode processNote
Person identifier name telecom _gender _birthDate address photo managingOrganization _active link
PlanDefinition _url identifier _version _name _title _subtitle type _status _experimental subjectCodeableConcept subjectReference
  _subjectCanonical _date _publisher contact _description useContext jurisdiction _purpose _usage _copyright _approvalDate
  _lastReviewDate effectivePeriod topic author editor reviewer endorser relatedArtifact _library goal action
Practitioner identifier _active name telecom address _gender _birthDate photo qualification communication
PractitionerRole identifier _active period practitioner organization code specialty location healthcareService telecom availableTime
  notAvailable _availabilityExceptions endpoint
Procedure identifier _instantiatesCanonical _instantiatesUri basedOn partOf _status statusReason category code subject encounter
  _performedDateTime performedPeriod _performedString performedAge performedRange recorder asserter performer location reasonCode
  reasonReference bodySite outcome report complication complicationDetail followUp note focalDevice usedReference usedCode
Provenance target occurredPeriod _occurredDateTime _recorded _policy location reason activity agent entity signature
Questionnaire _url identifier _version _name _title _derivedFrom _status _experimental _subjectType _date _publisher contact
  _description useContext jurisdiction _purpose _copyright _approvalDate _lastReviewDate effectivePeriod code item
QuestionnaireResponse identifier basedOn partOf _questionnaire _status subject encounter _authored author source item
RegulatedAuthorization identifier subject type _description region status _statusDate validityPeriod indication intendedUse basis holder
  regulator case
RelatedPerson identifier _active patient relationship name telecom _gender _birthDate address photo period communication
RequestGroup identifier _instantiatesCanonical _instantiatesUri basedOn replaces groupIdentifier _status _intent _priority code subject
  encounter _authoredOn author reasonCode reasonReference note action
ResearchDefinition _url identifier _version _name _title _shortTitle _subtitle _status _experimental subjectCodeableConcept
  subjectReference _date _publisher contact _description _comment useContext jurisdiction _purpose _usage _copyright _approvalDate
  _lastReviewDate effectivePeriod topic author editor reviewer endorser relatedArtifact _library population exposure exposureAlternative
  outcome
ResearchElementDefinition _url identifier _version _name _title _shortTitle _subtitle _status _experimental subjectCodeableConcept
  subjectReference _date _publisher contact _description _comment useContext jurisdiction _purpose _usage _copyright _approvalDate
  _lastReviewDate effectivePeriod topic author editor reviewer endorser relatedArtifact _library _type _variableType characteristic
ResearchStudy identifier _title protocol partOf _status primaryPurposeType phase category focus condition contact relatedArtifact
  keyword location _description enrollment period sponsor principalInvestigator site reasonStopped note arm objective
ResearchSubject identifier _status period study individual _assignedArm _actualArm consent
RiskAssessment identifier basedOn parent _status method code subject encounter _occurrenceDateTime occurrencePeriod condition performer
  reasonCode reasonReference basis prediction _mitigation note
Schedule identifier _active serviceCategory serviceType specialty actor planningHorizon _comment
SearchParameter _url _version _name _derivedFrom _status _experimental _date _publisher contact _description useContext jurisdiction
  _purpose _code _base _type _expression _xpath _xpathUsage _target _multipleOr _multipleAnd _comparator _modifier _chain component
ServiceRequest identifier _instantiatesCanonical _instantiatesUri basedOn replaces requisition _status _intent category _priority
  _doNotPerform code orderDetail quantityQuantity quantityRatio quantityRange subject encounter _occurrenceDateTime occurrencePeriod
  occurrenceTiming _asNeededBoolean asNeededCodeableConcept _authoredOn requester performerType performer locationCode locationReference
  reasonCode reasonReference insurance supportingInfo specimen bodySite note _patientInstruction relevantHistory
Slot identifier serviceCategory serviceType specialty appointmentType schedule _status _start _end _overbooked _comment
Specimen identifier accessionIdentifier _status type subject _receivedTime parent request collection processing container condition note
SpecimenDefinition identifier typeCollected patientPreparation _timeAspect collection typeTested
StructureDefinition _url identifier _version _name _title _status _experimental _date _publisher contact _description useContext
  jurisdiction _purpose _copyright keyword _fhirVersion mapping _kind _abstract context _contextInvariant _type _baseDefinition
  _derivation snapshot differential
StructureMap _url identifier _version _name _title _status _experimental _date _publisher contact _description useContext jurisdiction
  _purpose _copyright structure _import group
Subscription _status contact _end _reason _criteria _error channel
SubscriptionStatus _status _type _eventsSinceSubscriptionStart notificationEvent subscription _topic error
SubscriptionTopic _url identifier _version _title _derivedFrom _status _experimental _date _publisher contact _description useContext
  jurisdiction _purpose _copyright _approvalDate _lastReviewDate effectivePeriod resourceTrigger eventTrigger canFilterBy
  notificationShape
Substance identifier _status category code _description instance ingredient
SubstanceDefinition identifier _version status classification domain grade _description informationSource note manufacturer supplier
  moiety property molecularWeight structure code name relationship sourceMaterial
SupplyDelivery identifier basedOn partOf _status patient type suppliedItem _occurrenceDateTime occurrencePeriod occurrenceTiming
  supplier destination receiver
SupplyRequest identifier _status category _priority itemCodeableConcept itemReference quantity parameter _occurrenceDateTime
  occurrencePeriod occurrenceTiming _authoredOn requester supplier reasonCode reasonReference deliverFrom deliverTo
Task identifier _instantiatesCanonical _instantiatesUri basedOn groupIdentifier partOf _status statusReason businessStatus _intent
  _priority code _description focus for encounter executionPeriod _authoredOn _lastModified requester performerType owner location
  reasonCode reasonReference insurance note relevantHistory restriction input output
TerminologyCapabilities _url _version _name _title _status _experimental _date _publisher contact _description useContext jurisdiction
  _purpose _copyright _kind software implementation _lockedDate codeSystem expansion _codeSearch validateCode translation closure
TestReport identifier _name _status testScript _result _score _tester _issued participant setup test teardown
TestScript _url identifier _version _name _title _status _experimental _date _publisher contact _description useContext jurisdiction
  _purpose _copyright origin destination metadata fixture profile variable setup test teardown
ValueSet _url identifier _version _name _title _status _experimental _date _publisher contact _description useContext jurisdiction
  _immutable _purpose _copyright compose expansion
VerificationResult target _targetLocation need _status _statusDate validationType validationProcess frequency _lastPerformed
  _nextScheduled failureAction primarySource attestation validator
VisionPrescription identifier _status _created patient encounter _dateWritten prescriber lensSpecification
"""
