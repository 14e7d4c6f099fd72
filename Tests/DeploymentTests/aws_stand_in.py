"""moto's server, extended by what the deployments need: AWS Cloud Control, and resource types that moto lacks.

Cloud Control validates each desired state with AWS's schema of the resource type (from cfn-lint), stores it, and returns it.
"""

import contextlib
import io
import json
import os
import threading
import urllib.parse
import uuid

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # Must be set before moto is imported.

import jsonschema
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.core.common_models import CloudFormationModel
from moto.ecs.models import EC2ContainerServiceBackend, Service
from moto.elbv2.models import FakeLoadBalancer, FakeTargetGroup
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

REGION = "us-east-1"
ACCOUNT = "123456789012"


def schema(type_name):
    """AWS's schema of a resource type, without AWS's own keywords."""
    return {
        key: value
        for key, value in PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_name).schema.items()
        if not key.startswith("$")
    }


def schema_error(type_name, properties):
    """The first violation of AWS's schema by the properties of a resource, or None."""
    portable = json.loads(json.dumps(schema(type_name)).replace("\\\\p{Graph}", "!-~").replace("\\\\p{L}\\\\p{Z}\\\\p{N}", "\\\\w\\\\s"))
    error = next(jsonschema.Draft7Validator(portable).iter_errors(properties), None)
    return error and f"{error.json_path}: {error.message}"


class CloudControl:
    """The resources of one account and Region, by type and identifier."""

    def __init__(self):
        self.resources = {}
        self.events = {}

    def respond(self, operation, request):
        type_name = request.get("TypeName")
        if operation == "CreateResource":
            state = json.loads(request["DesiredState"])
            return self.keep("CREATE", type_name, state)
        if operation == "GetResource":
            state = self.resources.get((type_name, request["Identifier"]))
            if state is None:
                return 400, {"__type": "ResourceNotFoundException", "message": "not found"}
            return 200, {
                "TypeName": type_name,
                "ResourceDescription": {"Identifier": request["Identifier"], "Properties": json.dumps(state)},
            }
        if operation == "UpdateResource":
            state = self.resources[(type_name, request["Identifier"])]
            for step in json.loads(request["PatchDocument"]):
                state = dict(state, **{step["path"].split("/")[1]: step.get("value")})
            return self.keep("UPDATE", type_name, state)
        if operation == "DeleteResource":
            del self.resources[(type_name, request["Identifier"])]
            return self.event("DELETE", type_name, request["Identifier"])
        if operation == "GetResourceRequestStatus":
            return 200, self.events[request["RequestToken"]]
        return 400, {"__type": "UnsupportedActionException", "message": operation}

    def keep(self, operation, type_name, state):
        problem = schema_error(type_name, state)
        if problem:
            return 400, {"__type": "InvalidRequestException", "message": problem}
        key = schema(type_name)["primaryIdentifier"][0].split("/")[-1]
        self.resources[(type_name, state[key])] = state
        return self.event(operation, type_name, state[key])

    def event(self, operation, type_name, identifier):
        token = str(uuid.uuid4())
        self.events[token] = {
            "ProgressEvent": {
                "TypeName": type_name,
                "Identifier": identifier,
                "RequestToken": token,
                "Operation": operation,
                "OperationStatus": "SUCCESS",
            }
        }
        return 200, self.events[token]


# Resource types that moto's CloudFormation lacks. Their properties, with references resolved, are validated with AWS's schema and
# stored for the tests. moto has two of RDS, but without Aurora and without references.
LACKING = (
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::LogAlarm",
    "AWS::Events::ApiDestination",
    "AWS::Events::Connection",
    "AWS::IoT::AccountAuditConfiguration",
    "AWS::IoT::Logging",
    "AWS::IoT::ResourceSpecificLogging",
    "AWS::IoT::ScheduledAudit",
    "AWS::IoT::SecurityProfile",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBSubnetGroup",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
)
# By stack and logical id.
kept = {}


class Kept(CloudFormationModel):
    """A resource of a type that moto's CloudFormation lacks."""

    __module__ = "aws_stand_in.kept"  # moto groups models by the second part of the name.

    def __init__(self, resource_name, type_name, properties):
        self.name = resource_name
        self.physical_resource_id = f"arn:aws:kept:{REGION}:{ACCOUNT}:{resource_name}"
        self.type_name = type_name
        self.properties = properties

    @staticmethod
    def cloudformation_type():
        return "kept"

    @staticmethod
    def cloudformation_name_type():
        return ""

    @classmethod
    def has_cfn_attr(cls, attr):
        return True

    def get_cfn_attribute(self, attribute):
        if attribute == "Arn" and self.type_name.startswith("AWS::Events::"):
            kind = {"AWS::Events::Connection": "connection", "AWS::Events::ApiDestination": "api-destination"}[self.type_name]
            return f"arn:aws:events:{REGION}:{ACCOUNT}:{kind}/{self.name}/{uuid.UUID(int=0)}"
        # moto requests only the part of Endpoint.Address and MasterUserSecret.SecretArn up to the dot.
        return {
            "Endpoint": f"{self.name}.example.com",
            "MasterUserSecret": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!cluster-{self.name}",
        }[attribute]

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        type_name, properties = cloudformation_json["Type"], cloudformation_json["Properties"]
        problem = schema_error(type_name, properties)
        if problem:
            raise ValidationError(kwargs["LogicalId"], f"{kwargs['LogicalId']}: {problem}")
        resource = cls(resource_name, type_name, properties)
        kept[kwargs["StackId"].split("/")[1], kwargs["LogicalId"]] = resource
        return resource

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        original_resource.properties = cloudformation_json["Properties"]
        return original_resource

    def delete(self, account_id, region_name):
        pass


parsing.get_model_map().update({type_name: Kept for type_name in LACKING})


def _load_parameters(resources, load=parsing.ResourceMap.load_parameters):
    """Like moto's, but reads defaults and previous values of lists as lists."""
    for name, parameter in resources._template.get("Parameters", {}).items():
        if parameter["Type"] == "CommaDelimitedList":
            value = resources.input_parameters.get(name, parameter.get("Default", ""))
            resources.input_parameters[name] = ",".join(value) if isinstance(value, list) else value
    load(resources)


def _parse_and_update_resource(logical_id, resource_json, resources_map, *, update=parsing.parse_and_update_resource, **place):
    """Like moto's, but does not create a resource whose condition is false."""
    return resources_map[logical_id] and update(logical_id, resource_json, resources_map, **place)


def _execute_change_set(backend, change_set_name, stack_name=None, *, execute=CloudFormationBackend.execute_change_set):
    """Like moto's, but the stack then has the outputs of the template."""
    execute(backend, change_set_name, stack_name)
    for stack in backend.stacks.values():
        if stack_name in (stack.name, stack.stack_id):
            stack._parse_template()
            stack.output_map = stack._create_output_map()


def _create_service(cls, resource_name, cloudformation_json, *rest, create=Service.create_from_cloudformation_json.__func__, **more):
    """Like moto's, but keeps the network configuration."""
    service = create(cls, resource_name, cloudformation_json, *rest, **more)
    given = cloudformation_json["Properties"].get("NetworkConfiguration", {}).get("AwsvpcConfiguration", {})
    service.network_configuration = {"awsvpcConfiguration": {key[0].lower() + key[1:]: value for key, value in given.items()}}
    return service


def _add_attribute(model, name, value):
    """Adds an attribute that moto lacks to resources of a model."""
    has, get = model.has_cfn_attr, getattr(model, "get_cfn_attribute", None)
    model.has_cfn_attr = classmethod(lambda cls, attribute: attribute == name or has(attribute))
    model.get_cfn_attribute = lambda resource, attribute: value(resource) if attribute == name else get(resource, attribute)


_add_attribute(FakeLoadBalancer, "LoadBalancerFullName", lambda balancer: balancer.arn.rpartition(":loadbalancer/")[2])
_add_attribute(FakeTargetGroup, "TargetGroupFullName", lambda group: group.arn.rpartition(":")[2])
# moto adds up the memory of containers, of which Fargate needs none.
EC2ContainerServiceBackend._calculate_task_resource_requirements = staticmethod(
    lambda task_definition: {"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []}
)
Service.create_from_cloudformation_json = classmethod(_create_service)
CloudFormationBackend.execute_change_set = _execute_change_set
parsing.ResourceMap.load_parameters = _load_parameters
parsing.parse_and_update_resource = _parse_and_update_resource


class StandIn:
    """One server for all services, at `url`; `cloud_control` has the resources of AWS Cloud Control."""

    def __init__(self):
        self.cloud_control = CloudControl()
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/audit/configuration":  # AWS IoT in a new account
            return Response("{}", content_type="application/json")(environ, start_response)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target.startswith("CloudApiService."):
            status, response = self.cloud_control.respond(target.split(".")[1], json.loads(Request(environ).get_data()))
            return Response(json.dumps(response), status, content_type="application/x-amz-json-1.0")(environ, start_response)
        if target == "AWSStepFunctions.ValidateStateMachineDefinition":  # Terraform, when it plans
            body = json.dumps({"result": "OK", "diagnostics": []})
            return Response(body, content_type="application/x-amz-json-1.0")(environ, start_response)
        if "/cloudformation/" in environ.get("HTTP_AUTHORIZATION", ""):
            request = Request(environ)
            form = dict(urllib.parse.parse_qsl(request.get_data(cache=True).decode()))
            if form.get("Action") == "DescribeType":
                described = json.dumps(schema(form["TypeName"])).replace("&", "&amp;").replace("<", "&lt;")
                body = (
                    '<DescribeTypeResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeTypeResult>'
                    f"<Type>RESOURCE</Type><TypeName>{form['TypeName']}</TypeName><DeprecatedStatus>LIVE</DeprecatedStatus>"
                    f"<Schema>{described}</Schema></DescribeTypeResult></DescribeTypeResponse>"
                )
                return Response(body, content_type="text/xml")(environ, start_response)
            environ["wsgi.input"] = io.BytesIO(request.get_data())
        return self.moto(environ, start_response)


def environment(url):
    """Environment variables that direct AWS clients to a stand-in."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return inherited | {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


@contextlib.contextmanager
def serving():
    """Runs a stand-in until the block ends."""
    stand_in = StandIn()
    threading.Thread(target=stand_in.server.serve_forever, daemon=True).start()
    try:
        yield stand_in
    finally:
        stand_in.server.shutdown()
