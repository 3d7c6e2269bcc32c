# The profile's configuration, and an operator's own plays around it, by the Ansible that the plugin brings.
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "verify_boot" {
  type    = bool
  default = true
}

variable "isolation" {
  type    = string
  default = "auto"
}

variable "site" {
  type    = string
  default = "test"
}

data "airship-nodeprofile" "node" {
  documents = ["${path.root}/node.yaml"]
}

source "airship" "node" {
  profile_yaml     = data.airship-nodeprofile.node.profile_yaml
  output_directory = "${path.root}/output"
  verify_boot      = var.verify_boot
  isolation        = var.isolation
}

build {
  sources = ["source.airship.node"]

  # The plays see the profile's variables, those of extraVars too, and extra_vars, which win.
  provisioner "airship" {
    profile_yaml          = data.airship-nodeprofile.node.profile_yaml
    playbook_files_before = ["${path.root}/before.yml"]
    playbook_files        = ["${path.root}/site.yml"]
    roles_path            = ["${path.root}/roles"]
    extra_vars            = jsonencode({ site = var.site })
  }
}
