# The documents are objects of a cluster: kubectl apply -f docs/crds -f your documents.
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "kubeconfig" {
  type        = string
  default     = ""
  description = "Default: what kubectl uses."
}

variable "namespace" {
  type        = string
  default     = "default"
  description = "Where the NodeProfiles are."
}

variable "profile" {
  type        = string
  description = "The NodeProfile's name."
}

variable "verify_boot" {
  type    = bool
  default = true
}

variable "isolation" {
  type    = string
  default = "auto"
}

data "airship-nodeprofile" "node" {
  cluster {
    kubeconfig = var.kubeconfig
    namespace  = var.namespace
  }
  name = var.profile
}

source "airship" "node" {
  profile_yaml     = data.airship-nodeprofile.node.profile_yaml
  output_directory = "${path.root}/output/${var.profile}"
  verify_boot      = var.verify_boot
  isolation        = var.isolation
}

build {
  sources = ["source.airship.node"]

  provisioner "airship" {
    profile_yaml = data.airship-nodeprofile.node.profile_yaml
  }
}
